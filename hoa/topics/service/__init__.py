"""The verbs of a topic, what reads it, and the chain as one page."""
