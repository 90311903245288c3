"""An election that is open in the demo: nine candidates for seven seats, and one ordinary motion."""

import dataclasses
from datetime import datetime, timedelta

from hoa.demo import signing_keys, witnesses
from hoa.kernel.clock import CHINA, FrozenClock
from tests.browser.demos import DemoServer
from tests.browser.officials import assembly_of, behind, people_of
from voting.rules.election import Contest, Rank
from voting.service import closing, drafts, notice

NAMES = ("林小竹", "何守信", "周永安", "吴清和", "欧阳怀远", "王知行", "冯一诺", "陈思齐", "褚䶮理")
# The lot put the ninth first.
DRAWN = (9, 1, 2, 3, 4, 5, 6, 7, 8)
MOTION = "是否更换北门的岗亭？"
CONTEST = Contest(
    code="e1",
    title="选举第二届业主委员会委员",
    body="owners_committee",
    seats=7,
    minimum=5,
    alternates=2,
    approve_at_most=7,
    rank=Rank.HEADS,
    motions=tuple(f"m{number}" for number in DRAWN),
)
NOTICED = datetime(2026, 9, 28, 18, tzinfo=CHINA)
OPENS = datetime(2026, 10, 15, 9, tzinfo=CHINA)


def hold(demo: DemoServer) -> str:
    """Notice and open it, as if it had been so when the demo was grown, and start the server again. Its code."""
    demo.stop()
    with behind(demo) as there:
        clock = FrozenClock(NOTICED - timedelta(days=1))
        platform = dataclasses.replace(there, clock=clock)
        keys = platform.keys
        with platform.database.writing(seconds=30) as session:
            earlier = assembly_of(session, "2026-03")
            people, community = people_of(session, earlier), earlier.community_id
            assembly = drafts.create(
                session,
                community,
                title="业主委员会换届选举",
                body="请每位业主投票。",
                convener="换届选举小组",
                opens_at=OPENS,
                closes_at=OPENS + timedelta(days=21),
                by=None,
                now=clock.now(),
            )
            for name in NAMES:
                body = f"{name}，住了十年，愿意为大家做事。"
                drafts.add_motion(session, community, assembly.id, title=name, body=body, matter_code="M3")
            drafts.add_motion(session, community, assembly.id, title=MOTION, body="预算三万元。", matter_code="M9")
            assembly.elections = [CONTEST.value]
            witnesses.list_in(session, assembly)
            signing_keys.appoint(session, assembly, people, now=clock.now())
            code = assembly.code
        clock.moment = NOTICED
        with platform.database.writing(seconds=30) as session:
            url, by = f"/c/WTY/assemblies/{code}", people["member"]
            notice.give(session, keys, community, assembly.id, host="localhost", by=by, now=NOTICED, url=url)
            witnesses.cosign(session, platform, assembly_of(session, code))
        clock.moment = OPENS
        with platform.database.writing(seconds=30) as session:
            closing.open_voting(session, keys, community, assembly.id, by=None, now=OPENS)
    demo.start()
    return code
