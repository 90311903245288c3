"""What may be entered and filed. Pure."""
