"""What owners and supervisors see of the books, and who looked at what."""
