"""The public pages of the suggestions: the board, one suggestion, figures, the monthly report, the feed. Importing the
modules registers their routes.
"""

from hoa.affairs.views.board import feed, figures, listing, months, show
from hoa.affairs.views.board.base import blueprint

__all__ = ["blueprint", "feed", "figures", "listing", "months", "show"]
