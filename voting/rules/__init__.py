"""Pure rules of assemblies: matters, thresholds, the life of an assembly, what counts, the tally and the record."""
