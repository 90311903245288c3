"""The demo's re-election group: started on the committee's report, formed as the law wants it, its members announced;
half of what must be published is there.
"""

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.bulletin.for_groups import GroupBoard
from hoa.community.rules import IdentityLevel
from hoa.community.service import get_community, roll
from hoa.demo import papers
from hoa.kernel.clock import FrozenClock, today
from hoa.offices.preparing import announcing, board, paperwork, service, starting
from hoa.offices.preparing.rules.composition import Delegation
from hoa.offices.preparing.rules.papers import Paper
from hoa.offices.preparing.rules.trigger import Ground
from hoa.platform import Platform
from hoa.ports import uploads

OWNERS = 4
FORMED_AFTER, ANNOUNCED_AFTER = timedelta(days=9), timedelta(days=12)
# From the cast: who comes from where. The second clerk enters what the street decided, and so is no member.
FROM_OFFICES = (
    ("officer", Delegation.STREET, "街道办事处指派"),
    ("clerk", Delegation.RESIDENTS, "居民委员会指派"),
    ("party", Delegation.BRANCH, "小区党支部推荐"),
)
FILED = (
    (Paper.OWNERS, "业主身份、人数和面积的确认（演示）", ("业主人数和专有部分面积见平台业主名册。",)),
    (Paper.VOTING_RULES, "表决规则（演示）", ("每名候选人单独表决；同意须过参与表决人数和面积的一半。",)),
    (Paper.ELECTION, "选举办法（演示）", ("一张票同意的候选人不超过应选名额。",)),
)


def re_election_group(
    platform: Platform,
    community_id: str,
    cast: Mapping[str, str],
    *,
    started: datetime,
    term_ends_on: date,
    avoid: frozenset[str] = frozenset(),
) -> str:
    """Make the group; the id of the preparation. `started` is the day of the committee's report, at least twelve days
    before now; nobody in `avoid` (person ids, such as the candidates) becomes an owners' delegate.
    """
    board.provide(GroupBoard())
    by = cast["second_clerk"]
    then = dataclasses.replace(platform, clock=FrozenClock(started))
    with platform.database.reading() as session:
        owners = _owners(session, community_id, avoid | frozenset(cast.values()))
    with platform.database.writing() as session:
        row = starting.start_re_election(
            session,
            then.keys,
            then.files,
            community_id,
            ground=Ground.TERM,
            term_ends_on=term_ends_on,
            evidence=_paper("任期届满报告（演示）", (f"任期至 {term_ends_on.isoformat()} 届满，请组织换届。",)),
            received_on=today(started),
            by=by,
            now=started,
        )
        _fill(session, community_id, row.id, cast, owners, by=by, now=started)
        formed = started + FORMED_AFTER
        decision = paperwork.file_paper(
            session,
            then.keys,
            then.files,
            community_id,
            row.id,
            kind=Paper.EVIDENCE,
            upload=_paper("关于成立换届小组的决定（演示）", ("同意成立换届小组，组长由街道办事处代表担任。",)),
            by=by,
            now=formed,
        )
        service.form(session, community_id, row.id, formed_on=today(formed), decision=decision.id, by=by, now=formed)
        announced = started + ANNOUNCED_AFTER
        announcing.announce_members(
            session, community_id, row.id, url=_page(session, community_id, row.id), by=by, now=announced
        )
        for kind, title, lines in FILED:
            paperwork.file_paper(
                session,
                then.keys,
                then.files,
                community_id,
                row.id,
                kind=kind,
                upload=_paper(title, lines),
                by=by,
                now=announced,
            )
    return row.id


def _fill(
    session: Session,
    community_id: str,
    preparation_id: str,
    cast: Mapping[str, str],
    owners: list[tuple[str, str]],
    *,
    by: str,
    now: datetime,
) -> None:
    """Street, residents' committee, branch and four owners: seven, owners more than half."""
    for key, delegation, basis in FROM_OFFICES:
        service.add_member(
            session,
            community_id,
            preparation_id,
            name=accounts.person(session, cast[key]).name,
            delegation=delegation,
            basis=basis,
            person_id=cast[key],
            leader=delegation is Delegation.STREET,
            consent=delegation is Delegation.BRANCH,
            by=by,
            now=now,
        )
    for person_id, name in owners:
        service.add_member(
            session,
            community_id,
            preparation_id,
            name=name,
            delegation=Delegation.OWNER,
            basis="业主推荐并公示",
            person_id=person_id,
            by=by,
            now=now,
        )


def _owners(session: Session, community_id: str, avoid: frozenset[str]) -> list[tuple[str, str]]:
    """Owners whom two officers have checked, the last of the roll, so that they are nobody's story yet."""
    found = {
        owner.person_id: owner.name
        for elector in roll(session, community_id)
        for owner in elector.owners
        if owner.person_id and owner.level.reaches(IdentityLevel.V2) and owner.person_id not in avoid
    }
    return list(found.items())[-OWNERS:]


def _paper(title: str, lines: tuple[str, ...]) -> uploads.Upload:
    return uploads.checked(papers.paper(title, lines), f"{title}.pdf")


def _page(session: Session, community_id: str, preparation_id: str) -> str:
    return f"/c/{get_community(session, community_id).code}/preparing/{preparation_id}"
