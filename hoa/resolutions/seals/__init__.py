"""The register of seals and of each use, with the decision it rests on (rules.md R2.19)."""
