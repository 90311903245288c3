"""What convening puts on people's start pages and does in the background."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.accounts import delivering
from hoa.accounts.service import phone_of
from hoa.db import get
from hoa.jobs import Run
from hoa.kernel.clock import today
from hoa.web.room import Asker, Need
from voting.powers import ACKNOWLEDGE, CONVENE
from voting.service import notifying, requests
from voting.service.addresses import path
from voting.tables import Assembly, NoticeTold


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    """Requests that the conveners must answer; notices that the residents' committee has not acknowledged."""
    found: list[Need] = []
    if CONVENE in asker.powers:
        found += [
            Need(
                title=gettext("业主提议已达到法定人数，请答复：%(title)s", title=row.title),
                url=url_for("voting.request_page", request_id=row.id),
                due=row.answer_by,
                urgent=row.answer_by is not None and row.answer_by < today(asker.now),
            )
            for row in requests.unanswered(session, asker.community_id)
        ]
    if ACKNOWLEDGE in asker.powers:
        found += [
            Need(
                title=gettext("请确认已收到公告：%(title)s", title=assembly.title),
                url=url_for("voting.clock", code=assembly.code),
                due=today(assembly.opens_at),
            )
            for assembly in notifying.waiting_for(session, asker.community_id, asker.person_id)
        ]
    return found


def tell_residents(run: Run) -> dict[str, Any]:
    """One message to each of the committee's staff; a row says what became of it before the next one is begun."""
    platform = run.platform
    with platform.database.reading() as session:
        assembly = get(session, Assembly, run.community, str(run.payload["assembly"]))
        waiting = [row.id for row in notifying.of(session, assembly) if row.outcome == notifying.WAITING]
        link = platform.settings.base_url + path(session, assembly)
    for row_id in waiting:
        _tell(run, assembly, row_id, link)
    return {"told": len(waiting)}


def _tell(run: Run, assembly: Assembly, row_id: str, link: str) -> None:
    platform = run.platform
    with platform.database.writing() as session:
        row = get(session, NoticeTold, run.community, row_id, lock=True)
        if row.outcome != notifying.WAITING or row.person_id is None:
            return
        phone = phone_of(session, platform.keys, row.person_id)
        delivering.begin(row, phone)
    if phone:
        params = {"title": assembly.title, "link": link}
        text = f"业主大会公告，请居民委员会知悉：{assembly.title} {link}"
        delivering.finish(platform, row, phone=phone, text=text, template="assembly-notice", params=params)


TASKS = {notifying.TASK: tell_residents}
