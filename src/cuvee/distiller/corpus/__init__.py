"""The corpus that a distiller learns from: weak texts in, reasoning and one good text out."""
