"""The steps of a run that verbs share: read, clean, embed, choose, measure, publish."""
