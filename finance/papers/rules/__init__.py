"""What an archive says and how long papers are kept. PURE."""
