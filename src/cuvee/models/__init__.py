"""Language models: found and brought, loaded, read, made to write, and asked over HTTP."""
