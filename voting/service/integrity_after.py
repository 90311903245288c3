"""`hoa verify` over what comes after the close: the sample, the minutes, the holds on evidence (trust.md 12)."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel import canonical, signing
from hoa.ports.keys import Keys
from voting.rules import sample
from voting.service import aftermath, ledgers, minutes, sampling
from voting.service.keys import row_id
from voting.tables import (
    Assembly,
    EvidenceHold,
    MinutesNote,
    SampleAnswer,
    SampleRow,
)


def _rows(session: Session, assembly: Assembly, table: Any) -> Any:
    query = select(table).where(table.community_id == assembly.community_id, table.assembly_id == assembly.id)
    return session.scalars(query)


def drawn(session: Session, keys: Keys, assembly: Assembly) -> Iterator[str]:
    """The draw is the one that seed and log give, and no answer was edited."""
    made = sampling.drawing(session, assembly)
    if made is None:
        return
    told = (made.seed, made.size, made.voters, made.drawn_by, made.drawn_at)
    if made.id != sampling.draw_id(keys, assembly.id, *told):
        yield "table sample_draw: the row was changed"
    counted = ledgers.ledger(session, keys, assembly).counted()
    again = sample.drawn(made.seed, {elector: ballot.leaf for elector, ballot in counted.items()}, made.size)
    rows = {row.elector: row for row in _rows(session, assembly, SampleRow)}
    for position, elector in enumerate(again, start=1):
        row = rows.pop(elector, None)
        if row is None or row.position != position:
            yield f"table sample_row, elector {elector}: not as drawn"
        elif row.id != row_id(keys, assembly.id, "sampled", elector, str(position)):
            yield f"table sample_row, elector {elector}: the row was changed"
    for elector in sorted(rows):
        yield f"table sample_row, elector {elector}: was not drawn"
    for answer in _rows(session, assembly, SampleAnswer):
        said = (answer.elector, answer.result, answer.note, answer.by, answer.at)
        if answer.id != sampling.answer_id(keys, assembly.id, *said):
            yield f"table sample_answer, row {answer.id}: the row was changed"


def written(session: Session, keys: Keys, assembly: Assembly) -> Iterator[str]:
    """Notes, the finished minutes, and the signatures over them."""
    for note in _rows(session, assembly, MinutesNote):
        if note.id != minutes.note_id(keys, assembly.id, note.text, note.by, note.at):
            yield f"table minutes_note, row {note.id}: the row was changed"
    done = minutes.finished(session, assembly)
    if done is None:
        return
    content = canonical.decode(done.content)
    digest = canonical.digest(content)
    if digest != done.digest or done.id != minutes.minutes_id(
        keys, assembly.id, digest, done.finished_by, done.finished_at
    ):
        yield "table assembly_minutes: the row was changed"
    message = signing.message(minutes.KIND, content)
    for row in minutes.signatures(session, assembly):
        same = row.id == minutes.signature_id(
            keys, assembly.id, row.person_id, row.key_id, row.signature, row.signed_at
        )
        if not same or not signing.verify_p256(
            public=bytes.fromhex(row.public), signature=bytes.fromhex(row.signature), message=message
        ):
            yield f"table minutes_signature, {row.name}: the signature is not over these minutes"


def held(session: Session, keys: Keys, assembly: Assembly) -> Iterator[str]:
    for hold in _rows(session, assembly, EvidenceHold):
        if hold.id != aftermath.hold_id(keys, assembly.id, hold.until, hold.reason, hold.by, hold.at):
            yield f"table evidence_hold, row {hold.id}: the row was changed"
