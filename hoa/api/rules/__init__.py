"""What a call of GeoReport v2 says, and how an answer is written. Pure."""
