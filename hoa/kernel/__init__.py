"""Pure values and rules that need neither database nor web."""
