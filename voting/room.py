"""What the voting room brings."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.jobs import Periodic
from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.web.room import Asker, FileVerdict, NavItem, Need, Room
from voting.commands import assembly
from voting.powers import CONVENE, POWERS
from voting.rules.life import State
from voting.service import closing, integrity, packages, reading
from voting.tasks import TASKS
from voting.views import BLUEPRINTS


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    """An owner's open votes first; then the next step of what the conveners have under way."""
    day = today(asker.now)
    open_votes = reading.waiting_for(session, asker.community_id, person_id=asker.person_id, day=day)
    needs = [
        Need(
            title=gettext("请投票：%(title)s", title=row.title),
            url=url_for("voting.show", code=row.code),
            due=today(row.closes_at),
            urgent=(row.closes_at - asker.now).days < 2,
        )
        for row in open_votes
    ]
    if CONVENE in asker.powers:
        words = {
            State.DRAFT: N_("起草中的会议还没有公告：%(title)s"),
            State.CLOSED: N_("请计票：%(title)s"),
            State.TALLIED: N_("请公布结果：%(title)s"),
        }
        for row in reading.assemblies(session, asker.community_id, drafts=True):
            if row.step in words:
                title = gettext(words[row.step], title=row.title)
                needs.append(Need(title=title, url=url_for("voting.manage", code=row.code)))
    return needs


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
        Periodic("voting.schedule", 5, closing.run_schedule),
    ),
    nav=(NavItem(label=N_("业主大会"), endpoint="voting.index"),),
    needs=_needs,
    commands=(assembly,),
    verify=integrity.verify_records,
    file_checks={".zip": _check_package},
)
