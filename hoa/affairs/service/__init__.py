"""The verbs of the suggestion loop: what changes it and what reads it."""
