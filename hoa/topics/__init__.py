"""议题: what suggestions become when the owners are asked, and the chain up to a payment (rules.md 8)."""
