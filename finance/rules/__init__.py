"""What the books allow and how they add up: pure values and functions, without database or web."""
