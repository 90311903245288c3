"""Owners' pages: saying something from a poster or without one, following, the reporter's own page, rating. Importing
the modules registers their routes.
"""

from hoa.affairs.views.say import following, own, sending, start, track, write
from hoa.affairs.views.say.base import blueprint

__all__ = ["blueprint", "following", "own", "sending", "start", "track", "write"]
