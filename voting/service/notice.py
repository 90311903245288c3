"""The notice: it freezes motions, roll, rules, times and keys, and begins the log (voting-record.md 2; rules.md
R1.20, R1.27)."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import insert
from sqlalchemy.orm import Session

from hoa.bulletin import service as bulletin
from hoa.community.service import RollElector, get_community, roll
from hoa.kernel import packs
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.ports.keys import Keys
from voting.rules import contests, record
from voting.rules.election import Contest
from voting.rules.life import State
from voting.rules.matters import Majority, matter
from voting.rules.motion_templates import is_unfilled
from voting.rules.thresholds import NOTHING
from voting.service import drafts, log, notifying, officials, steps, terms
from voting.service.keys import SALT, current, roll_place, row_id
from voting.tables import Assembly, Motion, RollEntry, RollUnit

DISPLAY_DAYS = 15


class NoMotions(Refusal):
    message: ClassVar[str] = N_("还没有表决事项，请先添加至少一项再公告")


class NobodyOnTheRoll(Refusal):
    message: ClassVar[str] = N_("业主名册是空的，请先导入业主名册再公告")


class BlankLeft(Refusal):
    message: ClassVar[str] = N_("表决事项“%(title)s”里还有没填的空（＿＿），请填好再公告")


def give(
    session: Session, keys: Keys, community_id: str, assembly_id: str, *, host: str, by: str, now: datetime, url: str
) -> Assembly:
    """Freeze everything, write entry 0 and its tree head, and publish. `url` is where the notice is read."""
    assembly = steps.locked(session, community_id, assembly_id)
    motions = drafts.motions(session, assembly)
    elected = check(session, assembly, motions, now=now)
    electors = roll(session, community_id)
    if not electors:
        raise NobodyOnTheRoll
    rows = [record.roll_row(elector.elector_id, elector.units) for elector in electors]
    _freeze(session, keys, assembly, motions, rows, elections=elected, host=host, now=now)
    _keep_roll(session, keys, assembly, electors, rows)
    steps.take(session, assembly, State.NOTICED, by=by, now=now)
    assert assembly.manifest_hash is not None
    log.append(session, keys, assembly, record.notice_entry(assembly.manifest_hash, time=now))
    log.sign_head(session, keys, assembly, purpose="notice", now=now)
    _publish(session, assembly, motions, by=by, now=now, url=url)
    notifying.begin(session, assembly, now=now)
    return assembly


def check(session: Session, assembly: Assembly, motions: Sequence[Motion], *, now: datetime) -> tuple[Contest, ...]:
    """Refuse a draft that is not ready to be noticed today, with what is missing; what it elects otherwise."""
    if not motions:
        raise NoMotions
    for motion in motions:
        if is_unfilled(motion.title + motion.body):
            raise BlankLeft(title=motion.title)
    terms.check(session, assembly, matters=[motion.matter for motion in motions], now=now)
    officials.check(session, assembly)
    return contests.check(assembly.elections, {motion.code: motion.matter for motion in motions})


def _freeze(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    motions: Sequence[Motion],
    rows: Sequence[record.RollRow],
    *,
    elections: Sequence[Contest],
    host: str,
    now: datetime,
) -> None:
    community = get_community(session, assembly.community_id)
    totals = sum((row.share for row in rows), NOTHING)
    platform = current(keys)
    assembly.elections = [one.value for one in elections]
    assembly.manifest = record.manifest(
        record.Notice(
            host=host,
            community_code=community.code,
            community_name=community.name,
            code=assembly.code,
            title=assembly.title,
            convener=assembly.convener,
            counting=assembly.counting,
            pack=packs.pack(assembly.rule_pack, day=today(now)),
            noticed=now,
            opens=assembly.opens_at,
            closes=assembly.closes_at,
            motions=[noticed(motion) for motion in motions],
            roll_root=record.roll_root(rows),
            totals=totals,
            keys=platform,
            channels=assembly.channels,
            silent_rule=assembly.silent_rule,
            proxy_cap=assembly.proxy_cap,
            extension=_extension(assembly),
            clauses=_clauses(assembly),
            witnesses=[witness.vkey for witness in officials.witnesses(session, assembly)],
            people=officials.freeze(session, assembly),
            elections=elections,
        )
    )
    assembly.manifest_hash = record.identity(assembly.manifest)
    assembly.receipt_key = platform.receipt.hex()
    assembly.roll_heads, assembly.roll_area = totals
    for motion in motions:
        motion.frozen = True


def _extension(assembly: Assembly) -> record.Extension | None:
    if assembly.extension_clause is None or assembly.extension_latest is None:
        return None
    return record.Extension(assembly.extension_clause, assembly.extension_latest)


def _clauses(assembly: Assembly) -> list[dict[str, str]]:
    """Each clause relied on once, in the order of the parameters that cite it."""
    found = {(clause["clause"], clause["document"]): None for clause in assembly.clauses}
    return [{"clause": clause, "document": document} for clause, document in found]


def noticed(motion: Motion) -> record.NoticedMotion:
    """A motion in the words of the record."""
    return record.NoticedMotion(
        motion.code, motion.title, motion.body, matter(motion.matter), Majority(motion.majority), motion.documents
    )


def _keep_roll(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    electors: Sequence[RollElector],
    rows: Sequence[record.RollRow],
) -> None:
    common = {"community_id": assembly.community_id, "assembly_id": assembly.id}
    entries = [
        {
            **common,
            "id": row_id(keys, assembly.id, "roll", row.leaf.hex()),
            "elector": row.elector,
            "heads": row.share.heads,
            "area": row.share.area,
            "units": row.value["units"],
            "salt": keys.seal(SALT, bytes.fromhex(row.salt), roll_place(assembly, row.elector, elector.unit_ids)),
            "leaf": row.leaf.hex(),
        }
        for elector, row in zip(electors, rows, strict=True)
    ]
    units = [
        {
            **common,
            "id": row_id(keys, assembly.id, "unit", unit_id, elector.elector_id),
            "unit_id": unit_id,
            "elector": elector.elector_id,
        }
        for elector in electors
        for unit_id in elector.unit_ids
    ]
    session.flush()
    session.execute(insert(RollEntry), entries)
    session.execute(insert(RollUnit), units)


def _publish(
    session: Session, assembly: Assembly, motions: Sequence[Motion], *, by: str, now: datetime, url: str
) -> None:
    """Put the notice on the board until voting ends; its hash there covers the manifest's."""
    shown = (today(assembly.closes_at) - today(now)).days
    bulletin.publish(
        session,
        assembly.community_id,
        kind="assembly-notice",
        title=assembly.title,
        content={
            "assembly": assembly.manifest_hash,
            "code": assembly.code,
            "title": assembly.title,
            "motions": [{"code": motion.code, "title": motion.title} for motion in motions],
        },
        body=assembly.body,
        reference=assembly.id,
        url=url,
        by=by,
        now=now,
        display_days=max(DISPLAY_DAYS, shown),
    )
