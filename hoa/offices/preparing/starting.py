"""Starting a preparation: the trigger is checked, the written report kept (rules.md R1.22, R2.15)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.community import service as register
from hoa.kernel import area as areas
from hoa.kernel import posts
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id
from hoa.offices import service as offices
from hoa.offices.preparing import progress, sealing
from hoa.offices.preparing.rules import trigger
from hoa.offices.preparing.rules.trigger import Delivered, Ground, Kind, Request
from hoa.offices.preparing.tables import Preparation
from hoa.ports.files import Files
from hoa.ports.keys import Keys
from hoa.ports.uploads import Upload


class AlreadyRunning(Refusal):
    message: ClassVar[str] = N_("本小区已有一次筹备正在进行，请先办完或者结束它")
    status: ClassVar[int] = 409


class CommitteeThere(Refusal):
    message: ClassVar[str] = N_("本小区已有业主委员会，请办理换届，不是首次筹备")
    status: ClassVar[int] = 409


class ReceivedLater(Refusal):
    message: ClassVar[str] = N_("收到报告的日期不能晚于今天")


class NoEndOfTerm(Refusal):
    message: ClassVar[str] = N_("请填写业主委员会任期届满的日期")


class Figures(NamedTuple):
    """What the register says today: area handed over and all of it (0.01 m²), heads."""

    delivered: Delivered
    heads: int


def figures(session: Session, community_id: str) -> Figures:
    """Delivered area over all exclusive area (指导规则 8), by the register's delivery status."""
    totals = register.totals(session, community_id)
    return Figures(Delivered(totals.area - totals.developer_area, totals.area), totals.heads)


def start_first(
    session: Session,
    keys: Keys,
    files: Files,
    community_id: str,
    *,
    ground: Ground,
    delivered: Delivered,
    request: Request | None,
    evidence: Upload,
    received_on: date,
    papers_by: date | None,
    by: str,
    now: datetime,
) -> Preparation:
    """Begin to prepare the first assembly, when enough is handed over and the developer or enough owners asked.

    `delivered` is what the register says or what a certificate says (`evidence` is the written report with it).
    """
    if offices.holders(session, community_id, posts=posts.COMMITTEE, now=now):
        raise CommitteeThere
    pack = pack_choice.current(session, community_id, day=today(now))
    word, percent = pack.text("preparatory_trigger"), pack.number("preparatory_request_percent")
    _check_delivered(delivered, word)
    facts: dict[str, Any] = {
        "delivered": delivered.area,
        "area": delivered.of_area,
        "trigger": word,
        "from_register": delivered == figures(session, community_id).delivered,
    }
    if ground is Ground.OWNERS:
        asked = request or Request(0, 0, 0, 0)
        _check_request(asked, percent)
        facts |= {"request": asked.__dict__ | {"percent": percent}}
    return _start(
        session,
        keys,
        files,
        community_id,
        kind=Kind.FIRST,
        ground=ground,
        facts=facts,
        evidence=evidence,
        received_on=received_on,
        values={"papers_by": papers_by, "pack": pack.code},
        by=by,
        now=now,
    )


def start_re_election(
    session: Session,
    keys: Keys,
    files: Files,
    community_id: str,
    *,
    ground: Ground,
    term_ends_on: date | None,
    evidence: Upload,
    received_on: date,
    by: str,
    now: datetime,
) -> Preparation:
    """Begin to prepare the next election: the term ends, or fewer than half of the members are left (R2.13, R2.15).

    `term_ends_on` is the last day of the term.
    """
    if ground is Ground.TERM and term_ends_on is None:
        raise NoEndOfTerm
    return _start(
        session,
        keys,
        files,
        community_id,
        kind=Kind.RE_ELECTION,
        ground=ground,
        facts={},
        evidence=evidence,
        received_on=received_on,
        values={
            "term_ends_on": term_ends_on if ground is Ground.TERM else None,
            "pack": pack_choice.current(session, community_id, day=today(now)).code,
        },
        by=by,
        now=now,
    )


def _check_delivered(delivered: Delivered, word: str) -> None:
    trigger.check_possible((delivered.area, delivered.of_area))
    if not delivered.reaches(word):
        raise trigger.NotEnoughDelivered(
            delivered=areas.show(delivered.area),
            total=areas.show(delivered.of_area),
            missing=areas.show(delivered.missing(word)),
        )


def _check_request(asked: Request, percent: int) -> None:
    trigger.check_possible((asked.heads, asked.of_heads), (asked.area, asked.of_area))
    if not asked.reaches(percent):
        raise trigger.NotEnoughOwners(
            heads=asked.heads,
            area=areas.show(asked.area),
            percent=percent,
            need_heads=asked.needed_heads(percent),
            need_area=areas.show(asked.needed_area(percent)),
        )


def _start(
    session: Session,
    keys: Keys,
    files: Files,
    community_id: str,
    *,
    kind: Kind,
    ground: Ground,
    facts: Mapping[str, Any],
    evidence: Upload,
    received_on: date,
    values: Mapping[str, Any],
    by: str,
    now: datetime,
) -> Preparation:
    register.get_community(session, community_id, lock=True)
    if progress.running(session, community_id) is not None:
        raise AlreadyRunning
    if received_on > today(now):
        raise ReceivedLater
    kept = sealing.keep(keys, files, community_id, evidence)
    row = Preparation(
        community_id=community_id,
        id=new_id(),
        kind=kind.value,
        ground=ground.value,
        facts=dict(facts),
        evidence_name=evidence.name,
        evidence_sha256=kept.sha256,
        evidence_key=kept.key,
        evidence_media=evidence.media_type,
        received_on=received_on,
        started_by=by,
        started_at=now,
        **values,
    )
    session.add(row)
    session.flush()
    return row
