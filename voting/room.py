"""What the voting room brings."""

from collections.abc import Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.jobs import Periodic
from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.web.i18n import moment
from hoa.web.room import Asker, FileVerdict, NavItem, Need, Room, Shown
from voting import convening
from voting.commands import assembly
from voting.own import own
from voting.powers import ASK_VOTERS, CONVENE, FULL_PACKAGE, POWERS
from voting.reminders import run_reminders
from voting.rules.life import State
from voting.service import aftermath, closing, integrity, keying, packages, reading, roll, to_sign, witnessing
from voting.tasks import TASKS
from voting.views import BLUEPRINTS
from voting.witness_commands import witness

SHOWN = 4


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    """An owner's open votes first; then the next step of what the conveners have under way."""
    day = today(asker.now)
    open_votes = reading.waiting_for(session, asker.community_id, person_id=asker.person_id, day=day)
    needs = [
        Need(
            title=gettext("请投票：%(title)s", title=row.title)
            if ready
            else gettext("先带证件核验身份，再投票：%(title)s", title=row.title),
            url=url_for("voting.show", code=row.code),
            due=today(row.ends_at),
            urgent=(row.ends_at - asker.now).days < 2,
        )
        for row, ready in open_votes
    ]
    for row in to_sign.assemblies(session, asker.community_id, asker.person_id):
        number = to_sign.count(session, row, asker.person_id)
        if number:
            title = gettext("%(n)s 条等您签名：%(title)s", n=number, title=row.title)
            needs.append(Need(title=title, url=url_for("voting.sign", code=row.code)))
        sheets = keying.waiting_for(session, row, asker.person_id)
        if sheets is not None:
            told = N_("纸质选票：%(title)s，%(n)s 张等您录入") if sheets else N_("纸质选票：%(title)s")
            title = gettext(told, title=row.title, n=sheets)
            needs.append(Need(title=title, url=url_for("voting.paper_desk", code=row.code)))
    if CONVENE in asker.powers:
        words = {
            State.DRAFT: N_("起草中的会议还没有公告：%(title)s"),
        }
        for row in reading.assemblies(session, asker.community_id, drafts=True):
            if objections := roll.unanswered(session, row):
                title = gettext("%(n)s 条名册异议等答复：%(title)s", n=objections, title=row.title)
                due = today(row.opens_at) if row.step is State.NOTICED else None
                needs.append(Need(title=title, url=url_for("voting.roll_objections", code=row.code), due=due))
            if row.step in (State.NOTICED, State.CLOSED) and witnessing.awaited(session, row, asker.now):
                if row.step is State.CLOSED or row.opens_at <= asker.now:
                    title = gettext("等见证人签署日志：%(title)s", title=row.title)
                    needs.append(Need(title=title, url=url_for("voting.witnesses", code=row.code)))
            elif row.step in words:
                title = gettext(words[row.step], title=row.title)
                needs.append(Need(title=title, url=url_for("voting.manage", code=row.code)))
    return [*needs, *convening.needs(session, asker), *_after_the_close(session, asker)]


def _after_the_close(session: Session, asker: Asker) -> Sequence[Need]:
    """Counting and announcing have a last day (R1.39): conveners are reminded from the close on, supervisors and
    authorities when it is over. Whoever asks recorded voters does so before the count."""
    needs = []
    words = {State.CLOSED: N_("请计票：%(title)s"), State.TALLIED: N_("请公布结果：%(title)s")}
    for row, deadline in aftermath.to_announce(session, asker.community_id):
        late, page = deadline.overdue(asker.now), url_for("voting.after", code=row.code)
        waits = row.step is State.CLOSED and witnessing.awaited(session, row, asker.now) and not late
        if CONVENE in asker.powers and not waits:
            title = gettext(words[row.step], title=row.title)
            url = url_for("voting.manage", code=row.code)
            needs.append(Need(title=title, url=url, due=deadline.last_day, urgent=late))
        elif FULL_PACKAGE in asker.powers and late:
            title = gettext("表决结果逾期没有公布：%(title)s", title=row.title)
            needs.append(Need(title=title, url=page, due=deadline.last_day, urgent=True))
        if ASK_VOTERS in asker.powers and row.step is State.CLOSED:
            title = gettext("计票以前抽样核对：%(title)s", title=row.title)
            needs.append(Need(title=title, url=url_for("voting.sample", code=row.code), due=deadline.last_day))
    return needs


def _shown(session: Session, community_id: str, now: datetime) -> Sequence[Shown]:
    """For anybody: what is being voted on, what is announced, and the latest results."""
    told: list[Shown] = []
    for row in reading.assemblies(session, community_id, drafts=False)[:SHOWN]:
        going = row.step == State.OPEN and now < row.ends_at
        if going:
            text = gettext("正在表决，%(when)s 截止", when=moment(row.ends_at))
        elif row.step == State.NOTICED:
            text = gettext("已公告，%(when)s 开始表决", when=moment(row.opens_at))
        elif row.step == State.ANNOUNCED:
            text = gettext("结果已公布，谁都可以重算")
        else:
            text = gettext("已截止，正在计票")
        url = url_for("voting.show", code=row.code)
        told.append(Shown(title=row.title, url=url, text=text, current=going))
    return told


def _check_package(_platform: Platform, data: bytes) -> FileVerdict:
    """`hoa verify FILE.zip`: the verifier that everybody has, with what it says."""
    satisfied, said = packages.verify(data)
    return FileVerdict(ok=satisfied, lines=said.splitlines())


ROOM = Room(
    name="voting",
    blueprints=BLUEPRINTS,
    powers=POWERS,
    tasks=TASKS,
    periodic=(
        Periodic("voting.sequence", 0.5, closing.run_sequencer),
        Periodic("voting.schedule", 5, closing.Schedule()),
        Periodic("voting.reminders", 20, run_reminders),
    ),
    nav=(NavItem(label=N_("业主大会"), endpoint="voting.index"),),
    needs=_needs,
    shown=_shown,
    own=own,
    publications={
        "assembly-notice": N_("表决公告"),
        "assembly-result": N_("表决结果"),
        "official-result": N_("官方系统结果"),
        "assembly-rule-change": N_("会议规则变更"),
    },
    commands=(
        assembly,
        witness,
    ),
    verify=integrity.verify_records,
    file_checks={".zip": _check_package},
)
