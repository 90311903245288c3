"""The verbs of an election before its ballot, one noun per module; nothing here commits."""

from voting.elections.service.reading import Stander, candidate_of

__all__ = ["Stander", "candidate_of"]
