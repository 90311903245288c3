"""Assemblies, ballots, the log, tallies and the verifier."""
