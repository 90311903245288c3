"""What the audit is told of the voting record: every announced assembly, counted again now (Protocol in
hoa.resolutions)."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel import canonical
from hoa.kernel.clock import CHINA, today
from hoa.kernel.errors import Refusal
from hoa.platform import Platform
from hoa.resolutions.evidence import AssemblyEvidence, AssemblyRecord
from voting.rules.election import Standing
from voting.rules.life import State
from voting.rules.package import Form
from voting.rules.published import election_figures, motion_figures, roll_figures
from voting.rules.thresholds import Outcome
from voting.service import drafts, packages, tallying, witnessing
from voting.service.addresses import path
from voting.tables import Assembly, AssemblyEvent


def evidence(platform: Platform) -> AssemblyEvidence:
    """The provider for this deployment."""

    def assemblies(session: Session, community_id: str, *, start: date, end: date) -> Sequence[AssemblyRecord]:
        found = _announced(session, community_id, start, end)
        return [_record(platform, session, assembly, at) for assembly, at in found]

    return assemblies


def _announced(session: Session, community_id: str, start: date, end: date) -> Sequence[tuple[Assembly, datetime]]:
    first = datetime.combine(start, time(), CHINA)
    after = datetime.combine(end, time(), CHINA) + timedelta(days=1)
    query = (
        select(Assembly, AssemblyEvent.at)
        .join(
            AssemblyEvent,
            (AssemblyEvent.community_id == Assembly.community_id) & (AssemblyEvent.assembly_id == Assembly.id),
        )
        .where(
            Assembly.community_id == community_id,
            AssemblyEvent.state == State.ANNOUNCED.value,
            AssemblyEvent.at >= first,
            AssemblyEvent.at < after,
        )
        .order_by(AssemblyEvent.at)
    )
    return [(assembly, at) for assembly, at in session.execute(query)]


def _record(platform: Platform, session: Session, assembly: Assembly, at: datetime) -> AssemblyRecord:
    tally = tallying.tally_of(session, assembly)
    announced = canonical.decode(tally.full)
    problem = counted_again(platform, session, assembly, announced)
    package = None if problem else packages.build(session, platform.keys, assembly, Form.FULL)
    outcomes = _outcomes(session, assembly, announced)
    return AssemblyRecord(
        code=assembly.code,
        title=assembly.title,
        announced_on=today(at),
        outcome=outcomes.pop() if len(outcomes) == 1 else "mixed",
        manifest=assembly.manifest_hash or "",
        package=hashlib.sha256(package).hexdigest() if package else None,
        recounted=problem is None,
        problem=problem,
        witnesses=_witnesses(session, assembly),
        url=path(session, assembly),
    )


def _outcomes(session: Session, assembly: Assembly, announced: Any) -> set[str]:
    """What became of each motion, and of each election as one: who stood and did not win says nothing of it."""
    candidates = drafts.candidates(assembly)
    outcomes = {motion["outcome"] for motion in announced["motions"] if motion["motion"] not in candidates}
    for one in tallying.elected(session, assembly):
        lost = Outcome.REVIEW if one.outcome is Standing.REVIEW else Outcome.FAILED
        outcomes.add((Outcome.PASSED if one.stands else lost).value)
    return outcomes


def _witnesses(session: Session, assembly: Assembly) -> int:
    """How many witnesses cosigned the closing head."""
    return sum(len(one.names) for one in witnessing.noted(session, assembly) if one.head.reason == "close")


def counted_again(platform: Platform, session: Session, assembly: Assembly, announced: Any) -> str | None:
    """None when a recount of the log gives the announced figures, otherwise what differs."""
    try:
        again = tallying.recount(session, platform.keys, assembly)
    except Refusal as refusal:
        return str(refusal)
    for motion in again.motions:
        figures = motion_figures(motion)
        told = next((entry for entry in announced["motions"] if entry["motion"] == figures["motion"]), None)
        if told != figures:
            return f"motion {figures['motion']}: the recount differs from the announced tally"
    if problem := _elected_again(again, announced):
        return problem
    ledger = again.ledger
    rolls = {"opening": ledger.opening_roll, "final": ledger.final_roll}
    sums = {
        "ballots": ledger.ballot_counts(again.counted)._asdict(),
        "paper": ledger.paper._asdict(),
        "roll": {name: roll_figures(total) for name, total in rolls.items()},
    }
    for part, value in sums.items():
        if announced[part] != value:
            return f"{part}: the recount differs from the announced tally"
    return None


def _elected_again(again: tallying.Recount, announced: Any) -> str | None:
    """None when the recount elects whom the announced tally elects, by its seed, which is the sample's."""
    told = announced.get("elections", [])
    seeds = {one["seed"] for one in told} | ({announced["sample"]["seed"]} if announced["sample"] else set())
    if told and len(seeds) != 1:
        return "elections: the lot's seed is not the sample's"
    figures = [election_figures(one) for one in tallying.elections(again, seeds.pop() if seeds else "")]
    return None if figures == told else "elections: the recount elects others than the announced tally"
