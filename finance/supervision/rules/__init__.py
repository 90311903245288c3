"""Rules of supervision: pure."""
