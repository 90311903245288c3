"""PURE: what the checks look at and what they find."""
