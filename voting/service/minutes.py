"""The minutes of an assembly (会议记录, R1.40): what the record says, with the secretary's notes, frozen under a
hash and signed by two people with keys of their own.

They are composed from the record and quote it by hash; nobody types a figure. Notes are added until the minutes are
finished; from then on only signatures are.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from hoa.accounts import personal_keys
from hoa.accounts import service as accounts
from hoa.community.service import get_community
from hoa.kernel import canonical, signing
from hoa.kernel.clock import stamp
from hoa.kernel.errors import N_, Refusal
from hoa.ports.keys import Keys
from voting.rules.life import State
from voting.rules.package import Form
from voting.rules.published import FEWEST_HEADS_WITH_AREA
from voting.service import aftermath, countersigning, drafts, results, rule_changes, steps, tallying
from voting.service.keys import row_id
from voting.tables import Assembly, AssemblyFile, CheckIn, Minutes, MinutesNote, MinutesSignature

FORMAT = "hoa-minutes/1"
KIND = "minutes"
NEEDED = 2
NOTE_LENGTH = 2000


class TooEarlyForMinutes(Refusal):
    message: ClassVar[str] = N_("公布结果以后才能定稿会议记录，现在可以先写补充说明")
    status: ClassVar[int] = 409


class MinutesFinished(Refusal):
    message: ClassVar[str] = N_("会议记录已经定稿，不能再加说明，也不能再改")
    status: ClassVar[int] = 409


class MinutesNotFinished(Refusal):
    message: ClassVar[str] = N_("会议记录还没有定稿，不能签名")
    status: ClassVar[int] = 409


class EmptyNote(Refusal):
    message: ClassVar[str] = N_("请写明要补充的内容，最多 %(most)s 个字")


class NoSigningKey(Refusal):
    message: ClassVar[str] = N_("您还没有登记签名钥匙，请先到“我的签名钥匙”登记一把")


class WrongMinutesSignature(Refusal):
    message: ClassVar[str] = N_("签名不成立：签的不是这份会议记录，或者用的不是您登记的钥匙")


# ------------------------------------------------------------------------------------------------------ composing


def compose(session: Session, assembly: Assembly) -> dict[str, Any]:
    """What the record says of the assembly so far, in the order in which minutes are read."""
    community = get_community(session, assembly.community_id)
    return {
        "format": FORMAT,
        "assembly": assembly.manifest_hash,
        "community": {"code": community.code, "name": community.name},
        "code": assembly.code,
        "title": assembly.title,
        "convener": assembly.convener,
        "form": assembly.form,
        "channels": sorted(assembly.open_channels),
        "steps": _steps(session, assembly),
        "changes": _changes(session, assembly),
        **_attendance(session, assembly),
        **_decisions(session, assembly),
        "objections": _objections(session, assembly),
        "notes": _notes(session, assembly),
        "attachments": _attachments(session, assembly),
    }


def _steps(session: Session, assembly: Assembly) -> list[dict[str, str]]:
    return [
        {
            "state": event.state,
            "time": stamp(event.at),
            "by": accounts.person(session, event.person_id).name if event.person_id else "",
        }
        for event in steps.events(session, assembly)
        if event.state != State.DRAFT
    ]


def _changes(session: Session, assembly: Assembly) -> list[dict[str, str]]:
    """Extensions and added channels, as the log has them."""
    return [
        {
            "time": stamp(change.at),
            "until": stamp(change.until) if change.until else "",
            "channel": change.channel or "",
            "reason": change.reason,
        }
        for change in rule_changes.made(session, assembly)
    ]


def _attendance(session: Session, assembly: Assembly) -> dict[str, Any]:
    """Who took part, by channel, and how many came to the meeting; fewer than five are told as none of our business."""
    query = select(func.count(distinct(CheckIn.elector))).where(
        CheckIn.community_id == assembly.community_id, CheckIn.assembly_id == assembly.id
    )
    present = session.scalar(query) or 0
    counted = assembly.step in (State.TALLIED, State.ANNOUNCED)
    by_channel = results.turnout_by_channel(session, assembly) if counted else []
    return {
        "attendance": [{"channels": list(row.channels), "heads": row.heads} for row in by_channel],
        "present": present if present >= FEWEST_HEADS_WITH_AREA else None,
    }


def _decisions(session: Session, assembly: Assembly) -> dict[str, Any]:
    """The public tally, motion by motion, and who signed it."""
    motions = drafts.motions(session, assembly)
    # Only where something is elected: minutes of before elections stay as they were.
    elected = {"elections": [{"notice": value} for value in assembly.elections]} if assembly.elections else {}
    if assembly.step is not State.ANNOUNCED:
        asked = [{"code": row.code, "title": row.title, "text": row.body} for row in motions]
        return {"motions": asked, **elected, "tally": None, "roll": None, "sample": None, "signatures": []}
    tally = tallying.tally_of(session, assembly)
    told = canonical.decode(tally.public)
    figures = {one["motion"]: one for one in told["motions"]}
    for one, result in zip(elected.get("elections", []), told.get("elections", []), strict=True):
        one["result"] = result
    return {
        **elected,
        "motions": [
            {"code": row.code, "title": row.title, "text": row.body, "result": figures[row.code]} for row in motions
        ],
        "tally": tally.digest,
        "roll": told["roll"]["final"],
        "sample": told["sample"],
        "signatures": [
            {"role": line["role"], "person": line["person"], "key": line["key"]}
            for line in countersigning.lines(session, assembly, tally, Form.PUBLIC)
        ],
    }


def _objections(session: Session, assembly: Assembly) -> list[dict[str, str]]:
    return [
        {
            "to": one.publication.kind,
            "text": _nfc(objection.text),
            "time": stamp(objection.made_at),
            "answer": _nfc(objection.answer or ""),
            "answered": stamp(objection.answered_at) if objection.answered_at else "",
        }
        for one in results.objections(session, assembly)
        for objection in one.objections
    ]


def _nfc(text: str) -> str:
    """As canonical JSON wants it; what people typed elsewhere may be composed otherwise."""
    return unicodedata.normalize("NFC", text)


def _notes(session: Session, assembly: Assembly) -> list[dict[str, str]]:
    return [
        {"text": note.text, "by": accounts.person(session, note.by).name, "time": stamp(note.at)}
        for note in notes(session, assembly)
    ]


def _attachments(session: Session, assembly: Assembly) -> list[dict[str, str]]:
    """What the motions came with, and the packages that were confirmed: by hash."""
    with_motions = [
        {"title": document["title"], "sha256": document["sha256"]}
        for motion in drafts.motions(session, assembly)
        for document in motion.documents
    ]
    query = select(AssemblyFile).where(
        AssemblyFile.community_id == assembly.community_id,
        AssemblyFile.assembly_id == assembly.id,
        AssemblyFile.kind.in_(("package-public", "package-full")),
    )
    packages = session.scalars(query.order_by(AssemblyFile.made_at, AssemblyFile.kind))
    return [*with_motions, *({"title": row.kind, "sha256": row.sha256} for row in packages)]


# -------------------------------------------------------------------------------------- notes, the end, signatures


def notes(session: Session, assembly: Assembly) -> Sequence[MinutesNote]:
    query = select(MinutesNote).where(
        MinutesNote.community_id == assembly.community_id, MinutesNote.assembly_id == assembly.id
    )
    return session.scalars(query.order_by(MinutesNote.at, MinutesNote.id)).all()


def finished(session: Session, assembly: Assembly) -> Minutes | None:
    """The minutes once they are final."""
    query = select(Minutes).where(Minutes.community_id == assembly.community_id, Minutes.assembly_id == assembly.id)
    return session.scalars(query).one_or_none()


def add_note(
    session: Session, keys: Keys, community_id: str, assembly_id: str, *, text: str, by: str, now: datetime
) -> MinutesNote:
    """What the record cannot know: what was said at the meeting, what the secretary wants kept."""
    assembly = steps.locked(session, community_id, assembly_id)
    if finished(session, assembly) is not None:
        raise MinutesFinished
    if not 0 < len(text) <= NOTE_LENGTH:
        raise EmptyNote(most=NOTE_LENGTH)
    row = MinutesNote(
        community_id=community_id,
        id=note_id(keys, assembly_id, text, by, now),
        assembly_id=assembly_id,
        text=text,
        by=by,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def note_id(keys: Keys, assembly_id: str, text: str, by: str, at: datetime) -> str:
    return row_id(keys, assembly_id, "note", text, by, at.isoformat())


def finish(session: Session, keys: Keys, community_id: str, assembly_id: str, *, by: str, now: datetime) -> Minutes:
    """Freeze the minutes as the record is now; pressed twice they are frozen once."""
    assembly = steps.locked(session, community_id, assembly_id)
    found = finished(session, assembly)
    if found is not None:
        return found
    if aftermath.reached(session, assembly, State.ANNOUNCED) is None:
        raise TooEarlyForMinutes
    content = compose(session, assembly)
    row = Minutes(
        community_id=community_id,
        id=minutes_id(keys, assembly_id, canonical.digest(content), by, now),
        assembly_id=assembly_id,
        content=canonical.encode(content),
        digest=canonical.digest(content),
        finished_by=by,
        finished_at=now,
    )
    session.add(row)
    session.flush()
    return row


def minutes_id(keys: Keys, assembly_id: str, digest: str, by: str, at: datetime) -> str:
    return row_id(keys, assembly_id, "minutes", digest, by, at.isoformat())


def signatures(session: Session, assembly: Assembly) -> Sequence[MinutesSignature]:
    """Who signed the finished minutes, in order of time."""
    query = select(MinutesSignature).where(
        MinutesSignature.community_id == assembly.community_id, MinutesSignature.assembly_id == assembly.id
    )
    return session.scalars(query.order_by(MinutesSignature.signed_at, MinutesSignature.id)).all()


def sign(
    session: Session,
    keys: Keys,
    community_id: str,
    assembly_id: str,
    *,
    person_id: str,
    signature: bytes,
    now: datetime,
) -> MinutesSignature:
    """Keep one person's signature over the finished minutes; signing twice changes nothing."""
    assembly = steps.locked(session, community_id, assembly_id)
    row = finished(session, assembly)
    if row is None:
        raise MinutesNotFinished
    held = personal_keys.current(session, person_id)
    if held is None:
        raise NoSigningKey
    message = signing.message(KIND, canonical.decode(row.content))
    if not signing.verify_p256(public=bytes.fromhex(held.public), signature=signature, message=message):
        raise WrongMinutesSignature
    for one in signatures(session, assembly):
        if one.person_id == person_id:
            return one
    made = MinutesSignature(
        community_id=community_id,
        id=signature_id(keys, assembly_id, person_id, held.key_id, signature.hex(), now),
        assembly_id=assembly_id,
        person_id=person_id,
        name=accounts.person(session, person_id).name,
        key_id=held.key_id,
        public=held.public,
        signature=signature.hex(),
        signed_at=now,
    )
    session.add(made)
    session.flush()
    return made


def signature_id(keys: Keys, assembly_id: str, person_id: str, key_id: str, signature: str, at: datetime) -> str:
    return row_id(keys, assembly_id, "minutes-signature", person_id, key_id, signature, at.isoformat())
