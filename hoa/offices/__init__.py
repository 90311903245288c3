"""Who holds which office, from when to when."""
