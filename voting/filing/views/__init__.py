"""Pages of filing: what is done, for everybody; taking office, papers and steps, for those whose turn it is."""

from voting.filing.views import packs, rounds, seats
from voting.filing.views.shared import blueprint

__all__ = ["blueprint", "packs", "rounds", "seats"]
