"""Pages of the suggestion loop, one module per blueprint."""
