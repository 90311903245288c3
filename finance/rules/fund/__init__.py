"""The statements 会民非01, 02 and 03 and the close of a year (rules.md 5.3, 5.4), as pure functions over sums."""
