"""The pages of the papers."""

from finance.papers.views.archives import blueprint

__all__ = ["blueprint"]
