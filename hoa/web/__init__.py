"""What every page shares: request context, security, languages, errors, QR and PDF."""
