"""The demo's assemblies: one that passed, one that failed by a few square metres, one that is open now.

Every ballot is cast through the service at its own moment, so that log, tree heads, receipts and packages are real
ones.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hoa.community.rules import IdentityLevel
from hoa.community.service import RollElector, roll
from hoa.demo import channels, convening, paper, signing_keys, witnesses
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.platform import Platform
from voting.service import announcing, casting, closing, deliveries, drafts, notice, tallying
from voting.tables import Assembly

SEED = 278
CONVENER = "梧桐苑业主委员会"


@dataclass(frozen=True)
class Question:
    """A motion and how many of a hundred ballots agree and oppose; the rest abstain."""

    title: str
    body: str
    matter: str
    agree: int = 80
    oppose: int = 15
    # The rulebook draft that it decides on, by its name in `hoa/demo/rulebooks`.
    book: str = ""


@dataclass(frozen=True)
class Meeting:
    """An assembly of the demo with its days; `ballots` is how many electors vote."""

    title: str
    body: str
    noticed: datetime
    opens: datetime
    closes: datetime
    ballots: int
    questions: tuple[Question, ...]
    channels: tuple[str, ...] = ("online",)


def _at(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=CHINA)


PASSED = Meeting(
    title="2026 年第 1 次业主大会会议",
    body="审议议事规则的修改和公共收益的使用办法。线上表决，核验点提供帮助。",
    noticed=_at(3, 2, 18),
    opens=_at(3, 18),
    closes=_at(4, 2, 18),
    ballots=362,
    questions=(
        Question(
            "是否修改议事规则，增加线上表决和监督委员会一章？",
            "线上表决与到场表决效力相同；设监督委员会三人，可以查阅全部账目和凭证。",
            "M1",
            book="procedure-2",
        ),
        Question(
            "是否通过《公共收益使用和公示办法》？",
            "公共收益每季度公示一次，每笔支出附凭证；五千元以上的支出须经业主大会决议。",
            "M9",
            agree=84,
            oppose=9,
        ),
    ),
)
FAILED = Meeting(
    title="2026 年第 2 次业主大会会议",
    body="电梯广告合同年底到期，是否续约。",
    noticed=_at(8, 20, 18),
    opens=_at(9, 7),
    closes=_at(9, 25, 18),
    ballots=351,
    questions=(
        Question(
            "电梯广告续约五年",
            "与现有广告公司续约五年，每季度 16,500 元，收入归全体业主。",
            "M8",
        ),
    ),
)
OPEN = Meeting(
    title="2026 年第 3 次业主大会会议",
    body="三个表决事项。看完方案再选，11 月 5 日 18:00 截止。",
    noticed=_at(9, 28, 18),
    opens=_at(10, 15),
    closes=_at(11, 5, 18),
    ballots=187,
    questions=(
        Question(
            "是否在北门新增 12 个充电车位？",
            "把北门 12 个公共车位改为充电车位，由运营商出资建设，每年交场地费 18,000 元，归全体业主。",
            "M8",
        ),
        Question(
            "是否把公共收益中的 60,000 元补充进维修资金？",
            "从公共收益结余中划出 60,000 元，按专有部分面积记入各户的维修资金分户账。",
            "M9",
            agree=77,
        ),
        Question(
            "是否修改管理规约中的装修时间？",
            "工作日 8:00–12:00、14:00–18:00 可以装修，周末和法定节假日不得使用冲击钻。",
            "M2",
            agree=72,
            oppose=20,
            book="covenant-2",
        ),
    ),
    channels=("meeting", "online", "paper", "proxy"),
)


def build(platform: Platform, community_id: str, people: Mapping[str, str], clock: FrozenClock) -> None:
    """Hold the three assemblies one after the other; the demo's own owners have not voted in the open one."""
    chance = random.Random(SEED)  # noqa: S311 - the demo is meant to be predictable
    _hold(platform, community_id, people, clock, PASSED, chance)
    _hold(platform, community_id, people, clock, FAILED, chance, short_of_area=True)
    assembly = _notice(platform, community_id, people, clock, OPEN)
    spared = _electors_of(platform, community_id, {people[key] for key in ("elder", "two_flats", "co_owner")})
    handed = paper.hand_out(platform, assembly, people, clock, without=spared)
    voters = _voters(platform, community_id, OPEN, chance, spared=spared)
    choices = _choices(OPEN, voters, chance)
    # One of the voters does so on paper; three others of that building gave their sheets back as well.
    voted = {voter.elector_id for voter in voters}
    on_paper = next(choice for choice in choices if choice[0].elector_id in handed)
    # Two others: one through an agent, one with help at the desk.
    *alone, agents, helped = (one for one in choices if one is not on_paper)
    _cast(platform, assembly, OPEN, alone, until=_at(10, 20))
    channels.by_agent(platform, assembly, people, clock, *agents)
    channels.by_help(platform, assembly, people, clock, *helped)
    clock.moment = _at(10, 20)
    paper.take_back(
        platform,
        assembly,
        people,
        clock,
        voter=on_paper[0].elector_id,
        marks=on_paper[1],
        others=[elector for elector in handed if elector not in voted][:3],
    )
    with platform.database.writing() as session:
        # What a visitor who signs in as a clerk may sign: the notice was brought to people who have no phone.
        deliveries.record_some(
            session,
            platform.keys,
            session.get_one(Assembly, (community_id, assembly.id)),
            sorted(spared),
            method="in-person",
            delivered=_at(9, 29, 15),
            note="居委会工作人员上门",
            by=people["second_clerk"],
            now=clock.now(),
        )
        closing.hourly(session, platform.keys, assembly, now=clock.now())
        witnesses.cosign(session, platform, assembly)


def _hold(
    platform: Platform,
    community_id: str,
    people: Mapping[str, str],
    clock: FrozenClock,
    meeting: Meeting,
    chance: random.Random,
    *,
    short_of_area: bool = False,
) -> None:
    """From draft to announced."""
    assembly = _notice(platform, community_id, people, clock, meeting)
    voters = _voters(platform, community_id, meeting, chance)
    choices = _just_short(voters) if short_of_area else _choices(meeting, voters, chance)
    _cast(platform, assembly, meeting, choices, until=meeting.closes)
    keys, by = platform.keys, people["secretary"]
    with platform.database.writing() as session:
        closing.cut_off(session, keys, community_id, assembly.id, by=None, now=meeting.closes)
    clock.moment = meeting.closes + timedelta(hours=1)
    with platform.database.writing() as session:
        closing.close(session, keys, community_id, assembly.id, by=by, now=clock.now())
        witnesses.cosign(session, platform, session.get_one(Assembly, (community_id, assembly.id)))
        tallying.count(session, keys, community_id, assembly.id, by=by, now=clock.now() + timedelta(minutes=1))
    clock.moment = meeting.closes + timedelta(hours=3)
    with platform.database.writing() as session:
        signing_keys.countersign(
            session, session.get_one(Assembly, (community_id, assembly.id)), people, now=clock.now()
        )
    clock.moment = meeting.closes + timedelta(days=2)
    with platform.database.reading() as session:
        counted = session.get_one(Assembly, (community_id, assembly.id))
        confirmed = announcing.confirm(session, keys, counted)
    with platform.database.writing() as session:
        announcing.announce(
            session,
            platform.files,
            community_id,
            assembly.id,
            confirmed=confirmed,
            url=f"/c/WTY/assemblies/{assembly.code}/result",
            by=people["chair"],
            now=clock.now(),
        )


def _notice(
    platform: Platform, community_id: str, people: Mapping[str, str], clock: FrozenClock, meeting: Meeting
) -> Assembly:
    """Draft, notice and opening."""
    keys, by = platform.keys, people["secretary"]
    clock.moment = meeting.noticed - timedelta(days=3)
    with platform.database.writing() as session:
        assembly = drafts.create(
            session,
            community_id,
            title=meeting.title,
            body=meeting.body,
            convener=CONVENER,
            opens_at=meeting.opens,
            closes_at=meeting.closes,
            by=by,
            now=clock.now(),
        )
        for question in meeting.questions:
            motion = drafts.add_motion(
                session,
                community_id,
                assembly.id,
                title=question.title,
                body=question.body,
                matter_code=question.matter,
            )
            if question.book:
                convening.attach(session, platform, motion, question.book, by=by)
        assembly.channels = list(meeting.channels)
        witnesses.list_in(session, assembly)
        signing_keys.appoint(session, assembly, people, now=clock.now())
    clock.moment = meeting.noticed
    with platform.database.writing() as session:
        notice.give(
            session,
            keys,
            community_id,
            assembly.id,
            host=platform.settings.origin_host,
            by=by,
            now=clock.now(),
            url=f"/c/WTY/assemblies/{assembly.code}",
        )
        witnesses.cosign(session, platform, session.get_one(Assembly, (community_id, assembly.id)))
    clock.moment = meeting.opens
    with platform.database.writing() as session:
        return closing.open_voting(session, keys, community_id, assembly.id, by=None, now=clock.now())


def _electors_of(platform: Platform, community_id: str, people: set[str]) -> frozenset[str]:
    with platform.database.reading() as session:
        return frozenset(
            elector.elector_id
            for elector in roll(session, community_id)
            if people & {owner.person_id for owner in elector.owners}
        )


def _voters(
    platform: Platform,
    community_id: str,
    meeting: Meeting,
    chance: random.Random,
    *,
    spared: frozenset[str] = frozenset(),
) -> list[RollElector]:
    """Who votes: electors with somebody whose identity was checked, in the order in which they get round to it."""
    with platform.database.reading() as session:
        able = [
            elector
            for elector in roll(session, community_id)
            if any(owner.person_id and owner.level.reaches(IdentityLevel.V2) for owner in elector.owners)
            and elector.elector_id not in spared
        ]
    chance.shuffle(able)
    return able[: meeting.ballots]


Choices = Sequence[tuple[RollElector, Mapping[str, str]]]


def _choices(meeting: Meeting, voters: Sequence[RollElector], chance: random.Random) -> Choices:
    def mark(question: Question) -> str:
        lot = chance.randrange(100)
        return "agree" if lot < question.agree else "oppose" if lot < question.agree + question.oppose else "abstain"

    return [
        (voter, {f"m{place}": mark(question) for place, question in enumerate(meeting.questions, 1)})
        for voter in voters
    ]


def _just_short(voters: Sequence[RollElector]) -> Choices:
    """Enough heads agree, but the area that agrees stays a few square metres under three quarters.

    The owners of the largest flats oppose until the area is short; then one opponent is exchanged for the one that
    comes closest.
    """
    total = sum(voter.area_centi for voter in voters)
    needed = -(-3 * total // 4)
    opponents: list[RollElector] = []
    agreed = total
    for voter in sorted(voters, key=lambda voter: (-voter.area_centi, voter.elector_id)):
        if agreed < needed:
            break
        opponents.append(voter)
        agreed -= voter.area_centi
    agreeing = [voter for voter in voters if voter not in opponents]
    back, over = min(
        ((back, over) for back in opponents for over in agreeing),
        key=lambda pair: (
            agreed + pair[0].area_centi - pair[1].area_centi >= needed,
            needed - (agreed + pair[0].area_centi - pair[1].area_centi),
        ),
    )
    opponents.remove(back)
    opponents.append(over)
    against = {voter.elector_id for voter in opponents}
    return [(voter, {"m1": "oppose" if voter.elector_id in against else "agree"}) for voter in voters]


def _cast(platform: Platform, assembly: Assembly, meeting: Meeting, choices: Choices, *, until: datetime) -> None:
    """Spread the ballots over the days; each is a transaction of its own, as in life."""
    step = (until - meeting.opens) / (len(choices) + 1)
    for number, (voter, marks) in enumerate(choices, 1):
        with platform.database.writing() as session:
            casting.cast(
                session,
                platform.keys,
                assembly.community_id,
                assembly.id,
                elector=voter.elector_id,
                choices=marks,
                client_nonce=f"{number:032x}",
                now=meeting.opens + step * number,
            )
