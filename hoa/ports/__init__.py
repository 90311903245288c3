"""What the platform asks of the outside: each a Protocol with adapters."""
