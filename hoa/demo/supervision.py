"""What the supervisors did in their first year: a drawn list of vouchers, a note beside one, two questions and a
published scorecard. None of it moves a fen, and none of it is a finding of the checks.
"""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from finance.service.vouchers import label
from finance.supervision.rules.cases import Act
from finance.supervision.rules.sampling import Method, Plan, Result
from finance.supervision.rules.scoring import Mark
from finance.supervision.service import cases, notes, samples, scores
from finance.tables import Voucher
from hoa.kernel.clock import CHINA
from hoa.platform import Platform

YEAR = 2026
HALF = (date(YEAR, 1, 1), date(YEAR, 6, 30))
DRAWN = datetime(YEAR, 7, 20, 20, 0, tzinfo=CHINA)
SHEET = (("按时公示", 30), ("票据齐全", 30), ("答复业主和监督委员会", 20), ("合同管理", 20))
# Two supervisors' points out of ten for each line of the sheet, and what they say of the whole.
RATINGS = (
    ("supervisor", (9, 8, 7, 6), "账目清楚，合同到期没有提前提醒。"),
    ("second_supervisor", (10, 8, 8, 7), "公示都在期限以内，票据基本齐全。"),
)


def build(platform: Platform, community_id: str, people: Mapping[str, str]) -> None:
    """Write all of it as the supervisors and the committee would."""
    with platform.database.writing() as session:
        drawn = _draw(session, community_id, people)
        _ask(session, community_id, people, drawn, platform.now())
        _rate(session, community_id, people)


def _draw(session: Session, community_id: str, people: Mapping[str, str]) -> Voucher:
    """Six vouchers of the half-year drawn at random; four are ticked, one of them with a note. Returns that one."""
    plan = Plan(method=Method.RANDOM, size=6)
    drawn = samples.draw(
        session, community_id, plan=plan, start=HALF[0], end=HALF[1], by=people["supervisor"], now=DRAWN
    )
    lines = samples.lines(session, drawn)
    noted, *sound = lines[:4]
    for line in sound:
        samples.tick(
            session, community_id, line.item.id, result=Result.SOUND, note="", by=people["supervisor"], now=DRAWN
        )
    samples.tick(
        session,
        community_id,
        noted.item.id,
        result=Result.SOUND,
        note="金额和银行流水一致，只看到扫描件，要看原件。",
        by=people["second_supervisor"],
        now=DRAWN,
    )
    notes.annotate(
        session,
        community_id,
        voucher_id=noted.voucher.id,
        text="抽到这一笔，和银行流水一致；原件另外看过。",
        by=people["second_supervisor"],
        now=DRAWN,
    )
    return noted.voucher


def _ask(session: Session, community_id: str, people: Mapping[str, str], voucher: Voucher, now: datetime) -> None:
    """A question that was answered and settled, and one that waits for the committee."""
    named = f"{label(voucher)} {voucher.day.isoformat()}"
    settled = cases.ask(
        session,
        community_id,
        title="抽到的这一笔，原件在哪里看",
        text="抽查上半年凭证时只看到扫描件。请说明原件放在哪里，监督委员会怎样看到。",
        evidence=({"kind": "voucher", "id": voucher.id, "number": None, "part": None, "label": named},),
        by=people["supervisor"],
        now=DRAWN,
    )
    cases.answer(
        session,
        community_id,
        settled.id,
        text="原件在业主委员会办公室的第 2 个档案盒，7 月 25 日上午有人在，可以来看。",
        by=people["treasurer"],
        now=datetime(YEAR, 7, 24, 21, 0, tzinfo=CHINA),
    )
    cases.decide(
        session,
        community_id,
        settled.id,
        act=Act.ACCEPT,
        because="看过原件，和扫描件、银行流水一致。",
        by=people["supervisor"],
        now=datetime(YEAR, 7, 27, 20, 0, tzinfo=CHINA),
    )
    cases.publish(
        session,
        community_id,
        settled.id,
        by=people["supervisor"],
        now=datetime(YEAR, 7, 27, 20, 5, tzinfo=CHINA),
    )
    cases.ask(
        session,
        community_id,
        title="快递柜合同到期以后还在用场地，打算怎么办",
        text="快递柜的场地合同 6 月 30 日到期，没有续签也没有撤走。是续签、比选，还是请对方撤走？请说明打算和时间。",
        by=people["supervisor"],
        now=now,
    )


def _rate(session: Session, community_id: str, people: Mapping[str, str]) -> None:
    """The half-year's scorecard, rated by two supervisors and published."""
    written = datetime(YEAR, 7, 28, 20, 0, tzinfo=CHINA)
    scores.write_sheet(session, community_id, lines=SHEET, by=people["supervisor"], now=written)
    evaluation = scores.open_evaluation(
        session, community_id, start=HALF[0], end=HALF[1], owners=False, by=people["supervisor"], now=written
    )
    for who, points, reason in RATINGS:
        scores.rate(
            session,
            community_id,
            evaluation.id,
            marks=[Mark(points=given) for given in points],
            reason=reason,
            by=people[who],
            now=written,
        )
    scores.close(
        session,
        community_id,
        evaluation.id,
        by=people["supervisor"],
        now=datetime(YEAR, 8, 3, 20, 0, tzinfo=CHINA),
    )
