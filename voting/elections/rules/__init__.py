"""Rules of an election before the ballot; pure."""
