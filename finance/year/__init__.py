"""The end of a year: carrying income and expense to net assets, closing, reporting, and statements on paper."""
