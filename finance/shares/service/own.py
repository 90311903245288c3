"""What is mine: an owner's own lines over all checked runs, with how they came about."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from finance.shares.rules import apportion
from finance.shares.rules.runs import RunState
from finance.shares.service import register
from finance.shares.service.standing import PartStanding, parts_of
from finance.shares.tables import ShareClaim, ShareLine, SharePart, ShareRun


@dataclass(frozen=True, kw_only=True)
class OwnShare:
    """My unit in a run: `parts` are those that I receive; `others_fen` goes to my co-owners. `exact` is the share
    before it was cut off to the fen.
    """

    run: ShareRun
    line: ShareLine
    parts: Sequence[PartStanding]
    others_fen: int
    unnamed_fen: int
    exact: str
    mine: bool


def shares(session: Session, community_id: str, person_id: str) -> list[OwnShare]:
    """Every unit this person had on the record day of a checked run, or receives money for; the latest run first."""
    owners = {owner.id for owner in register.owners_of_person(session, community_id, person_id)}
    if not owners:
        return []
    query = select(ShareRun).where(ShareRun.community_id == community_id, ShareRun.state == RunState.CHECKED)
    found: list[OwnShare] = []
    for run in session.scalars(query.order_by(ShareRun.year.desc(), ShareRun.number.desc())):
        found += _of_run(session, run, owners)
    return found


def _of_run(session: Session, run: ShareRun, owners: set[str]) -> list[OwnShare]:
    units = register.units_of(session, run.community_id, owners, day=run.record_on)
    named = select(SharePart.line_id).where(SharePart.community_id == run.community_id, SharePart.owner_id.in_(owners))
    claimed = (
        select(SharePart.line_id)
        .join(ShareClaim, (ShareClaim.community_id == SharePart.community_id) & (ShareClaim.part_id == SharePart.id))
        .where(SharePart.community_id == run.community_id, ShareClaim.owner_id.in_(owners))
    )
    query = select(ShareLine).where(
        ShareLine.community_id == run.community_id,
        ShareLine.run_id == run.id,
        ShareLine.version == run.list_version,
        or_(ShareLine.unit_id.in_(units), ShareLine.id.in_(named), ShareLine.id.in_(claimed)),
    )
    lines = session.scalars(query.order_by(ShareLine.no)).all()
    standings: dict[str, list[PartStanding]] = {}
    for standing in parts_of(session, run, lines=[line.id for line in lines]).values():
        standings.setdefault(standing.part.line_id, []).append(standing)
    found = []
    for line in lines:
        parts = standings.get(line.id, [])
        mine = [standing for standing in parts if standing.owner_id in owners]
        unnamed = sum(standing.part.amount_fen for standing in parts if standing.owner_id is None)
        own = sum(standing.part.amount_fen for standing in mine)
        found.append(
            OwnShare(
                run=run,
                line=line,
                parts=mine,
                others_fen=line.amount_fen - own - unnamed,
                unnamed_fen=unnamed,
                exact=apportion.exact(run.total_fen, line.area, run.area) if run.area and line.amount_fen else "",
                mine=bool(mine),
            )
        )
    return found
