"""Third-party audits: who is let in, to what, for how long, and what they reported."""
