"""码上提: the suggestion loop, from a QR code on the wall to a rated, published answer (rules.md 8)."""
