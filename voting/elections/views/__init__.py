"""The pages of an election before its ballot; each module puts its routes on the one blueprint."""

from voting.elections.views import group, public, reviewing, standing
from voting.elections.views.shared import blueprint

__all__ = ["blueprint", "group", "public", "reviewing", "standing"]
