"""Writing a draft's motions: change, order, take apart, attach. After the notice none of this is possible (R1.27)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from hoa.db import get
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports import uploads
from hoa.ports.files import Files
from hoa.resolutions import rulebooks
from hoa.resolutions.clauses import BOOKS, MATTERS
from hoa.resolutions.tables import Resolution, RulebookVersion
from voting.recall import bound, effect
from voting.rules.matters import MATTERS as LAWFUL
from voting.rules.matters import Majority, matter
from voting.rules.thresholds import stricter
from voting.rules.warnings import mixed
from voting.service import drafts
from voting.service.drafts import NothingWritten
from voting.tables import Assembly, Motion

MOST_DOCUMENTS = 20


class NotMixed(Refusal):
    message: ClassVar[str] = N_("这一项看不出要拆成两项，没有改动")
    status: ClassVar[int] = 409


class TooManyDocuments(Refusal):
    message: ClassVar[str] = N_("一个表决事项最多附 %(most)s 个文件")


class WrongBook(Refusal):
    message: ClassVar[str] = N_("这份草案是%(book)s，只能附在类别为 %(matter)s 的表决事项上")


def of(session: Session, assembly: Assembly, motion_id: str) -> Motion:
    """A motion of this very assembly."""
    motion = get(session, Motion, assembly.community_id, motion_id)
    if motion.assembly_id != assembly.id:
        raise NotFound
    return motion


def change(
    session: Session,
    community_id: str,
    assembly_id: str,
    motion_id: str,
    *,
    title: str,
    body: str,
    matter_code: str,
    majority: str | None,
) -> Motion:
    """Reword a motion of a draft, or put it under another matter. A draft of a rulebook stays with its own matter."""
    assembly = drafts.locked_draft(session, community_id, assembly_id)
    motion, found = of(session, assembly, motion_id), matter(matter_code)
    drafts.not_a_candidate(assembly, motion)
    bound.not_a_recall(session, motion)
    if not title.strip() or not body.strip():
        raise NothingWritten
    motion.title, motion.body, motion.matter = title.strip(), body.strip(), found.code
    motion.majority = stricter(found.majority, Majority(majority) if majority else None).value
    _fits(session, motion)
    session.flush()
    return motion


def move_up(session: Session, community_id: str, assembly_id: str, motion_id: str) -> None:
    """One place earlier; the first stays the first."""
    assembly = drafts.locked_draft(session, community_id, assembly_id)
    motion, order = of(session, assembly, motion_id), list(drafts.motions(session, assembly))
    place = order.index(motion)
    if place:
        order[place - 1], order[place] = motion, order[place - 1]
    drafts.number(session, assembly, order)


def split(session: Session, community_id: str, assembly_id: str, motion_id: str) -> Motion:
    """Take a mixed motion apart (R1.7): what belongs to the other matter becomes a motion after it. The new one."""
    assembly = drafts.locked_draft(session, community_id, assembly_id)
    motion = of(session, assembly, motion_id)
    drafts.not_a_candidate(assembly, motion)
    bound.not_a_recall(session, motion)
    found = mixed(LAWFUL[motion.matter], motion.title, motion.body)
    if found is None:
        raise NotMixed
    order = list(drafts.motions(session, assembly))
    second = drafts.add_motion(
        session,
        community_id,
        assembly_id,
        title=motion.title,
        body=found.second_body,
        matter_code=found.second.code,
    )
    motion.body = found.first_body
    order.insert(order.index(motion) + 1, second)
    drafts.number(session, assembly, order)
    return second


def make_stricter(session: Session, community_id: str, assembly_id: str, motion_id: str) -> None:
    """A mixed motion that cannot be taken apart needs the stricter majority (R1.7)."""
    assembly = drafts.locked_draft(session, community_id, assembly_id)
    motion = of(session, assembly, motion_id)
    drafts.not_a_candidate(assembly, motion)
    bound.not_a_recall(session, motion)
    motion.majority = Majority.SPECIAL.value
    session.flush()


def attach(
    session: Session, files: Files, community_id: str, assembly_id: str, motion_id: str, *, name: str, data: bytes
) -> None:
    """Attach a file: checked by content, its hash becomes part of what is noticed."""
    assembly = drafts.locked_draft(session, community_id, assembly_id)
    motion = of(session, assembly, motion_id)
    drafts.not_a_candidate(assembly, motion)
    upload = uploads.checked(data, name)
    _add(session, motion, title=upload.name, sha256=files.put(upload.data))


def attach_rulebook(
    session: Session, files: Files, community_id: str, assembly_id: str, motion_id: str, *, version_id: str
) -> None:
    """Attach a rulebook's draft to the motion that decides on it; when the motion passes, the draft takes effect."""
    assembly = drafts.locked_draft(session, community_id, assembly_id)
    motion, version = of(session, assembly, motion_id), rulebooks.get(session, community_id, version_id)
    drafts.not_a_candidate(assembly, motion)
    if version.number is not None:
        raise rulebooks.NotADraft
    if MATTERS[version.kind] != motion.matter:
        raise WrongBook(book=BOOKS[version.kind], matter=MATTERS[version.kind])
    _add(session, motion, title=f"{BOOKS[version.kind]}（草案）", sha256=files.put(version.text.encode()))


def detach(session: Session, community_id: str, assembly_id: str, motion_id: str, sha256: str) -> None:
    """Take an attachment off a draft; the file itself stays in the store."""
    assembly = drafts.locked_draft(session, community_id, assembly_id)
    motion = of(session, assembly, motion_id)
    drafts.not_a_candidate(assembly, motion)
    motion.documents = [document for document in motion.documents if document["sha256"] != sha256]
    session.flush()


def document(session: Session, assembly: Assembly, sha256: str) -> dict[str, Any]:
    """An attachment of one of this assembly's motions, by its hash."""
    for motion in drafts.motions(session, assembly):
        for found in motion.documents:
            if found["sha256"] == sha256:
                return dict(found)
    raise NotFound


def take_effect(session: Session, motion: Motion, resolution: Resolution, *, by: str, now: datetime) -> None:
    """A passed motion on M1 or M2 gives force to the rulebook draft that was noticed with it; a recall that passed
    ends the member's offices."""
    for found in motion.documents:
        rulebooks.adopt(session, resolution, sha256=found["sha256"], by=by, now=now)
    effect.take(session, motion, resolution, by=by, now=now)


def rulebook_drafts(session: Session, motion: Motion) -> Sequence[RulebookVersion]:
    """The drafts that this motion could carry."""
    kinds = [kind for kind, code in MATTERS.items() if code == motion.matter]
    taken = {found["sha256"] for found in motion.documents}
    return [
        row for kind in kinds for row in rulebooks.drafts(session, motion.community_id, kind) if row.sha256 not in taken
    ]


def _fits(session: Session, motion: Motion) -> None:
    """Each rulebook draft under a motion is of the book that the motion's matter decides on."""
    for found in motion.documents:
        same = [row for row in rulebooks.drafts(session, motion.community_id) if row.sha256 == found["sha256"]]
        if same and motion.matter not in {MATTERS[row.kind] for row in same}:
            raise WrongBook(book=BOOKS[same[0].kind], matter=MATTERS[same[0].kind])


def _add(session: Session, motion: Motion, *, title: str, sha256: str) -> None:
    bound.not_a_recall(session, motion)
    if len(motion.documents) >= MOST_DOCUMENTS:
        raise TooManyDocuments(most=MOST_DOCUMENTS)
    if all(found["sha256"] != sha256 for found in motion.documents):
        motion.documents = [*motion.documents, {"title": title, "sha256": sha256}]
    session.flush()
