"""The demo's topic: an owner's suggestion became a question to everybody, was heard, sat over by the six parties, and
waits for the next assembly.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from hoa.community.rules import IdentityLevel
from hoa.community.service import roll
from hoa.kernel.clock import CHINA
from hoa.platform import Platform
from hoa.topics.rules import Outcome, Party, Side
from hoa.topics.service import commenting, opening, outcomes, recording, summing
from hoa.topics.service.opening import Wording
from hoa.topics.service.outcomes import Decision
from hoa.topics.service.recording import Held

RAISED = datetime(2026, 8, 31, 20, 0, tzinfo=CHINA)
TITLE = "要不要在 3 栋东侧建电动自行车充电棚"
QUESTION = (
    "有业主提出：现在从窗户拉线充电很危险，希望在地面建充电棚。\n"
    "拟选 3 栋东侧空地，约 40 平方米，48 个充电位，由公共收益出资，充电收费用来还本。"
    "请说说您赞成还是反对，理由是什么，还有什么更好的办法。"
)
OPENS, CLOSES = date(2026, 9, 1), date(2026, 9, 15)
COMMENTS = (
    (Side.FOR, "飞线充电太吓人了，早该建。"),
    (Side.FOR, "赞成，最好有顶棚和摄像头。"),
    (Side.AGAINST, "离 3 栋窗户太近，着火了怎么办？请离楼远一些。"),
    (Side.FOR, "支持，充电费不要比外面贵。"),
    (Side.OTHER, "先算清楚要花多少钱、几年收回。"),
    (Side.FOR, "家里没有电动车也赞成，为了大家安全。"),
    (Side.AGAINST, "那块空地孩子在玩，不如放到南侧围墙边。"),
    (Side.FOR, "南侧围墙边也可以，离楼 15 米以上。"),
    (Side.OTHER, "要装自动灭火和断电，请写进方案。"),
)
MEETING = Held(
    held_on=date(2026, 9, 18),
    place="居委会二楼会议室",
    present={
        Party.BRANCH: ("小区党支部书记",),
        Party.RESIDENTS: ("居委会工作人员",),
        Party.COMMITTEE: ("业主委员会主任", "副主任"),
        Party.SUPERVISORS: ("监督委员会主任",),
        Party.MANAGER: ("项目经理",),
        Party.OWNERS: ("业主代表 4 人",),
    },
    missing_because="",
    minutes=(
        "一、业主委员会介绍征求意见的情况和三个选址。\n"
        "二、3 栋业主代表不同意靠近住宅；物业说明南侧围墙边有电源，离最近的楼 18 米。\n"
        "三、消防器材单位建议分区断电、加装自动灭火。\n四、监督委员会要求写明投资、收费和收回年限，比选三家。"
    ),
    conclusion="选址改到南侧围墙边，离楼不少于 15 米；取得三家报价和消防意见后，提请业主大会表决。",
)
HELD = datetime(2026, 9, 18, 21, 0, tzinfo=CHINA)
SUMMARY = (
    "多数赞成建充电棚；反对的意见集中在离住宅太近、占了孩子玩的地方。\n"
    "采纳：选址改到南侧围墙边，加自动灭火和分区断电，先公布投资和收回年限。没有采纳：不建、只禁止，因为没有地方充电，飞线禁不住。"
)
SUMMARIZED = datetime(2026, 9, 21, 20, 0, tzinfo=CHINA)
SETTLED = datetime(2026, 9, 24, 20, 0, tzinfo=CHINA)
DECISION = Decision(
    outcome=Outcome.MOTION,
    reason="占用共有场地、使用公共收益，依法由业主共同决定。",
    title="是否在南侧围墙边建设电动自行车充电棚？",
    text=(
        "约 40 平方米，48 个充电位，离楼不少于 15 米，分区断电、自动灭火；三家比选，"
        "总价不超过 86,000 元，从公共收益支付，充电收入先用来收回投资。"
    ),
    matter="M8",
)


def build(platform: Platform, community_id: str, cast: Mapping[str, str], *, label: str) -> None:
    """Ask out of the suggestion with this label; every step at its own moment."""
    owners = _owners(platform, community_id, frozenset(cast.values()))
    with platform.database.writing() as session:
        topic = opening.raise_topic(
            session,
            platform.keys,
            community_id,
            Wording(TITLE, QUESTION, OPENS, CLOSES),
            labels=[label],
            by=cast["secretary"],
            now=RAISED,
        )
        for number, (side, text) in enumerate(COMMENTS):
            said = datetime.combine(OPENS + timedelta(days=number), time(19, 30), CHINA)
            commenting.comment(session, community_id, topic.id, side=side, text=text, by=owners[number], now=said)
        recording.record_meeting(
            session, community_id, topic.id, MEETING, files=platform.files, by=cast["secretary"], now=HELD
        )
        summing.summarize(session, community_id, topic.id, text=SUMMARY, by=cast["secretary"], now=SUMMARIZED)
        outcomes.settle(session, community_id, topic.id, DECISION, by=cast["secretary"], now=SETTLED)


def _owners(platform: Platform, community_id: str, cast: frozenset[str]) -> list[str]:
    """Owners whom two officers have checked and who are nobody's story."""
    with platform.database.reading() as session:
        return [
            owner.person_id
            for elector in roll(session, community_id)
            for owner in elector.owners[:1]
            if owner.person_id and owner.level.reaches(IdentityLevel.V2) and owner.person_id not in cast
        ]
