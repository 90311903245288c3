"""The demo's election in nomination: the committee's term ends in January, a re-election group has called for
candidates, and nine owners stand, each as far as such people get by then. No ballot yet: the assembly is for visitors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from hoa.community.rules import IdentityLevel
from hoa.community.service import RollElector, ownerships_of, roll
from hoa.demo import preparing
from hoa.demo.people import ELECTED_TERM
from hoa.kernel.clock import CHINA, today
from hoa.kernel.posts import RE_ELECTION_LEADER
from hoa.platform import Platform
from voting.elections import service
from voting.elections.rules.eligibility import CRITERIA
from voting.elections.rules.life import Channel

TITLE = "第二届业主委员会换届选举"
SEATS, YEARS = 7, 3
REPORTED = datetime(2026, 9, 10, 9, tzinfo=CHINA)
CALLED = datetime(2026, 10, 9, 10, tzinfo=CHINA)
LOOKED = datetime(2026, 10, 19, 15, tzinfo=CHINA)
NOMINATIONS_DAYS = 17
SUPPORTERS, TOO_FEW = 10, 3
EVERY = tuple(one.code for one in CRITERIA)
PROVEN = "核对了原件，复印件存档（演示）"


@dataclass(frozen=True)
class Nominee:
    """Somebody who stands. `key`: of the cast, else the next owner of the roll. What is in neither `passed` nor `other`
    (a criterion's result and its evidence) nobody has looked at."""

    key: str
    channel: Channel
    statement: str
    signed: bool = True
    passed: tuple[str, ...] = ()
    other: tuple[tuple[str, str, str], ...] = ()
    supporters: int = 0


NOMINEES = (
    Nominee("deputy", Channel.SELF, "做了一届副主任，想把电梯更新和充电车位办完。", passed=EVERY),
    Nominee("treasurer", Channel.BRANCH, "账目每季度公示，凭证人人能查。下一届继续。", passed=EVERY),
    Nominee(
        "cashier",
        Channel.SELF,
        "出纳的事要细，我愿意接着做。",
        passed=tuple(code for code in EVERY if code != "arrears"),
        other=(("arrears", "unknown", "等物业服务企业出具缴费证明（演示）"),),
    ),
    Nominee("", Channel.JOINT, "邻居们推我出来管一管停车。", passed=EVERY[:4], supporters=SUPPORTERS),
    Nominee("", Channel.JOINT, "退休工程师，懂水泵和配电。", supporters=TOO_FEW),
    Nominee("", Channel.RESIDENTS, "", signed=False),
    Nominee(
        "",
        Channel.SELF,
        "想把一楼的绿化带管起来。",
        passed=EVERY[:5],
        other=(("building", "fail", "城管已要求拆除平台搭建，尚未改正（演示）"),),
    ),
    Nominee("", Channel.SELF, "做过十年财务，愿意先从候补做起。"),
    Nominee("", Channel.SELF, "", passed=("owner", "capacity")),
)


def build(platform: Platform, community_id: str, cast: Mapping[str, str]) -> None:
    """The group, the call for candidates, and who stands so far."""
    with platform.database.reading() as session:
        electors = _strangers(session, community_id, frozenset(cast.values()))
        people = _people(session, community_id, cast, electors)
    preparing.re_election_group(
        platform,
        community_id,
        cast,
        started=REPORTED,
        term_ends_on=today(ELECTED_TERM[1]) - timedelta(days=1),
        avoid=frozenset(people),
    )
    with platform.database.writing() as session:
        code = _call(session, community_id, by=cast["officer"])
        for number, (nominee, person_id) in enumerate(zip(NOMINEES, people, strict=True), 1):
            at = CALLED + timedelta(hours=20 * number)
            _stand(session, community_id, code, nominee, person_id, cast, electors, now=at)
            _look(session, community_id, code, number, nominee, by=cast["officer"])


def _call(session: Session, community_id: str, *, by: str) -> str:
    starts = today(ELECTED_TERM[1])
    call = service.Call(
        title=TITLE,
        body_kind="owners_committee",
        seats=SEATS,
        term_starts_on=starts,
        term_ends_on=starts.replace(year=starts.year + YEARS),
        nominations_until=today(CALLED) + timedelta(days=NOMINATIONS_DAYS),
        convener="换届选举小组",
    )
    return service.create(session, community_id, call, by=by, now=CALLED, posts={RE_ELECTION_LEADER}).code


def _stand(
    session: Session,
    community_id: str,
    code: str,
    nominee: Nominee,
    person_id: str,
    cast: Mapping[str, str],
    electors: Sequence[RollElector],
    *,
    now: datetime,
) -> None:
    """Nominate, sign, and let neighbours join where that is the way."""
    if nominee.channel in (Channel.SELF, Channel.JOINT):
        one = service.stand(session, community_id, code, channel=nominee.channel, person_id=person_id, now=now)
    else:
        owned = ownerships_of(session, community_id, person_id)[0]
        by = cast["party" if nominee.channel is Channel.BRANCH else "clerk"]
        one = service.recommend(
            session,
            community_id,
            code,
            channel=nominee.channel,
            room=owned.unit.label,
            name=owned.owner.name,
            words="热心公共事务，邻居信得过。",
            by=by,
            now=now,
        )
    if nominee.statement:
        service.describe(session, community_id, code, person_id=person_id, statement=nominee.statement)
    if nominee.signed:
        service.sign(
            session,
            community_id,
            code,
            person_id=person_id,
            agreed=True,
            name=one.name,
            lot_word=f"梧桐{one.number}",
            now=now + timedelta(hours=1),
        )
    for elector in electors[-nominee.supporters :] if nominee.supporters else ():
        owner = next(owner for owner in elector.owners if owner.person_id and owner.level.reaches(IdentityLevel.V2))
        service.support(
            session, community_id, code, one.number, person_id=str(owner.person_id), now=now + timedelta(hours=2)
        )


def _look(session: Session, community_id: str, code: str, number: int, nominee: Nominee, *, by: str) -> None:
    """What the group has looked at so far."""
    results = [*((criterion, "pass", PROVEN) for criterion in nominee.passed), *nominee.other]
    for criterion, result, evidence in results:
        service.check(
            session,
            community_id,
            code,
            number,
            criterion=criterion,
            result=result,
            evidence=evidence,
            by=by,
            now=LOOKED,
        )


def _strangers(session: Session, community_id: str, cast: frozenset[str]) -> list[RollElector]:
    """Electors with a checked account whose owners are nobody's story yet, in the roll's order."""
    return [
        elector
        for elector in roll(session, community_id)
        if any(owner.person_id and owner.level.reaches(IdentityLevel.V2) for owner in elector.owners)
        and not any(owner.person_id in cast for owner in elector.owners)
    ]


def _people(session: Session, community_id: str, cast: Mapping[str, str], electors: Sequence[RollElector]) -> list[str]:
    """Who stands, in the order of `NOMINEES`: of the cast, else the first owners of the roll who act for themselves."""
    others = (
        str(owner.person_id)
        for elector in electors
        for owner in elector.owners[:1]
        if owner.person_id
        and owner.level.reaches(IdentityLevel.V2)
        and all(one.owner.capacity == "" for one in ownerships_of(session, community_id, owner.person_id))
    )
    return [cast[nominee.key] if nominee.key else next(others) for nominee in NOMINEES]
