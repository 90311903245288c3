"""The verbs of the papers: archives of a year, and what may be destroyed."""
