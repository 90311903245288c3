"""Pages of those who handle. Importing the modules registers their routes."""

from hoa.affairs.views.handling import entering, inbox
from hoa.affairs.views.handling.base import blueprint

__all__ = ["blueprint", "entering", "inbox"]
