"""What can be checked again of an election before its ballot: undertakings, the published list, the drawn order, and
that the ballot carries it."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from hoa.bulletin.tables import Publication
from hoa.kernel import canonical
from voting.elections.rules import lot
from voting.elections.service import listing, reading, undertaking
from voting.elections.tables import Election, Undertaking
from voting.rules.life import State as Step
from voting.tables import Motion


def verify(session: Session, community_id: str) -> list[str]:
    """A sentence for each row that no longer says what was signed, published or drawn."""
    return [problem for row in reading.elections(session, community_id) for problem in _election(session, row)]


def _election(session: Session, row: Election) -> Iterator[str]:
    name = f"election {row.code}"
    for one in reading.candidates(session, row):
        for signed in reading.about(session, one, Undertaking):
            if not undertaking.is_whole(row, one, signed):
                yield f"{name}: the undertaking of candidate {one.number} was changed"
    if row.list_hash is None:
        return
    publication = session.get(Publication, (row.community_id, row.publication_id))
    if publication is None or canonical.digest(publication.content) != row.list_hash:
        yield f"{name}: the published list is not the one that seeded the draw"
    elif listing.current_hash(session, row.community_id, row.id) != row.list_hash:
        yield f"{name}: what was published of the candidates was changed"
    if row.drawn_at is not None and row.drawn != [line.number for line in lot.draw(row.list_hash, row.drawn)]:
        yield f"{name}: the order is not the one that the seed draws"
    yield from _ballot(session, row, name)


def _ballot(session: Session, row: Election, name: str) -> Iterator[str]:
    """Once noticed, the candidates' motions are those who stood, in the drawn order."""
    assembly = reading.assembly_of(session, row)
    if assembly is None or assembly.step is Step.DRAFT:
        return
    codes = [
        motion.code
        for one in reading.in_order(session, row)
        if one.motion_id and (motion := session.get(Motion, (row.community_id, one.motion_id))) is not None
    ]
    if codes not in [list(value["motions"]) for value in assembly.elections]:
        yield f"{name}: the ballot has other candidates or another order"
