"""When a community may prepare its assembly, by when each step is due, who must sit in the group, which papers it
needs (rules.md R1.22 to R1.24, R2.15). Pure.
"""
