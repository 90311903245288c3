"""Suggestions as files: the whole list, and Lüliang's three lists 问题, 责任, 整改 (rules.md 8).

A file goes from hand to hand, so it holds public words only: the desk's title and what was published, never what
somebody wrote, nor who they are (trust.md: exports).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.rules.states import DONE, State
from hoa.affairs.service import handlers as units
from hoa.affairs.service import reading
from hoa.affairs.service.reading import Standing
from hoa.affairs.tables import Cluster, Rating, Suggestion, SupervisionLetter
from hoa.kernel.clock import today


@dataclass(frozen=True, kw_only=True)
class Line:
    """A suggestion with what its line needs to say. `stars` of its last round, 0 without a rating; `ended_on` the day
    of the answer, or on which it came to another end.
    """

    row: Suggestion
    standing: Standing
    handler: str
    stars: int
    letters: int
    cluster: str

    @property
    def ended_on(self) -> date | None:
        if State(self.row.state) in DONE and self.row.answered_at is not None:
            return today(self.row.answered_at)
        return today(self.row.ended_at) if self.row.ended_at is not None else None


def lines(session: Session, community_id: str, rows: Iterable[Suggestion], *, day: date) -> Sequence[Line]:
    """The lines of these suggestions as they stand on `day`."""
    names = {row.id: row.name for row in units.handlers(session, community_id, ended=True)}
    stars, letters = _stars(session, community_id), _letters(session, community_id)
    query = select(Cluster).where(Cluster.community_id == community_id)
    clusters = {cluster.id: cluster.label for cluster in session.scalars(query)}
    return [
        Line(
            row=row,
            standing=reading.standing(row, day),
            handler=names.get(row.handler_id or "", ""),
            stars=stars.get((row.id, row.round), 0),
            letters=letters.get(row.id, 0),
            cluster=clusters.get(row.cluster_id or "", ""),
        )
        for row in rows
    ]


def _stars(session: Session, community_id: str) -> Mapping[tuple[str, int], int]:
    query = select(Rating).where(Rating.community_id == community_id)
    return {(one.suggestion_id, one.round): one.stars for one in session.scalars(query)}


def _letters(session: Session, community_id: str) -> Mapping[str, int]:
    found: dict[str, int] = {}
    query = select(SupervisionLetter.suggestion_id).where(SupervisionLetter.community_id == community_id)
    for suggestion_id in session.scalars(query):
        found[suggestion_id] = found.get(suggestion_id, 0) + 1
    return found
