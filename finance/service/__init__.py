"""The verbs of the books, one module per noun: books, vouchers, documents, contracts, bank, matching, closing,
publication, month, export.
"""

from finance.service.verify import verify_books

__all__ = ["verify_books"]
