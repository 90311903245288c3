"""Keys, what comes in with them, and what everybody may read."""
