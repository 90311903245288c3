"""Publications with hash, QR, display period and objections."""
