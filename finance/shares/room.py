"""What shares bring: budgets, runs, top-up and allowances. Their door is the page of the books."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from finance.shares.powers import CHECK, KEEP, POWERS
from finance.shares.rules.runs import PartState, RunState
from finance.shares.service import allowances, claims, papers, payments, publishing, runs
from finance.shares.service import own as own_shares
from finance.shares.views import blueprint
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.web.i18n import money
from hoa.web.room import Asker, NavItem, Need, Own, OwnLine, Room

# An owner has to do something about these: name a payee, give an account, give another one.
WAITING_FOR_OWNER = (PartState.NO_ACCOUNT, PartState.RETURNED)


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    """Lists and payees to check, stale lists to make anew, and an account that a payment waits for."""
    found = []
    for run in runs.runs(session, asker.community_id):
        if run.state != RunState.LISTED:
            continue
        url = url_for("shares.run", run_id=run.id)
        if CHECK in asker.powers and asker.person_id not in (run.made_by_id, run.listed_by_id):
            found.append(Need(title=gettext("核对业主清单：%(title)s", title=run.title), url=url))
        if KEEP in asker.powers and runs.is_stale(session, run):
            found.append(Need(title=gettext("名册有变化，请重新固定清单：%(title)s", title=run.title), url=url))
    for month in allowances.runs(session, asker.community_id):
        if month.state == RunState.LISTED and CHECK in asker.powers and asker.person_id != month.made_by_id:
            url = url_for("shares.allowance_run", allowance_id=month.id)
            found.append(Need(title=gettext("核对津贴清单"), url=url))
    if CHECK in asker.powers:
        for row in claims.waiting(session, asker.community_id):
            if asker.person_id not in (row.naming.by_id, row.owner.person_id):
                url = url_for("shares.naming", naming_id=row.naming.id)
                found.append(
                    Need(title=gettext("确认收款人：%(title)s", title=f"{row.run.title} {row.line.label}"), url=url)
                )
    for share in own_shares.shares(session, asker.community_id, asker.person_id):
        if any(standing.state in WAITING_FOR_OWNER for standing in share.parts):
            title = gettext("请提供收款账号：%(title)s", title=share.run.title)
            found.append(Need(title=title, url=url_for("shares.mine")))
            break
    return found


def _own(session: Session, asker: Asker) -> Sequence[Own]:
    """My shares, run by run."""
    found: dict[str, list[OwnLine]] = {}
    titles: dict[str, str] = {}
    for share in own_shares.shares(session, asker.community_id, asker.person_id):
        titles[share.run.id] = share.run.title
        paid = bool(share.parts) and all(standing.state is PartState.PAID for standing in share.parts)
        found.setdefault(share.run.id, []).append(
            OwnLine(
                title=share.line.label,
                state=money(share.line.amount_fen),
                kind="ok" if paid else "plain",
                url=url_for("shares.mine"),
            )
        )
    return [
        Own(title=titles[run_id], url=url_for("shares.mine"), text=gettext("我的一份"), current=False, lines=lines)
        for run_id, lines in found.items()
    ]


def _verify(platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    return [
        *runs.verify(session, community_id),
        *payments.verify(session, platform.keys, community_id),
        *claims.verify(session, community_id),
        *allowances.verify(session, community_id),
    ]


ROOM = Room(
    name="shares",
    blueprints=(blueprint,),
    powers=POWERS,
    tasks={runs.PAPER: papers.task, allowances.PAPER: allowances.task},
    nav=(NavItem(label=N_("预算与分配"), endpoint="shares.index"),),
    needs=_needs,
    own=_own,
    publications={publishing.KIND: N_("分配公示")},
    verify=_verify,
)
