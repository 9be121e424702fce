"""The door in: read, clean, embed, hold out, score; what every verb does with a pool before its own work starts."""
