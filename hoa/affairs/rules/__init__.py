"""The rules of the suggestion loop. Pure."""
