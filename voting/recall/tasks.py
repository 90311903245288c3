"""Telling the member at once, and what follows by itself."""

from typing import Any

import structlog

from hoa.accounts.service import phone_of
from hoa.community.service import all_communities, get_community
from hoa.db import get
from hoa.jobs import Run
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.ports.sms import SmsNotSent
from voting.recall import service
from voting.recall.tables import Recall

SECONDS = 30
DEMANDED = N_("有人提议罢免您的%(post)s职务。理由和您的申辩会同样印在公告里，请登录查看并写书面申辩：%(link)s")
REACHED = N_("罢免您的%(post)s职务的提议已达到法定人数。请最迟 %(day)s 写书面申辩，原文印在公告里：%(link)s")

log = structlog.get_logger("voting")


def tell(run: Run) -> dict[str, Any]:
    """One message when the demand begins, one when enough have signed; the row says when, so that a second run sends
    nothing. Without a phone the start page tells."""
    platform, reached = run.platform, run.payload["what"] == "reached"
    with platform.database.reading() as session:
        row = get(session, Recall, run.community, str(run.payload["recall"]))
        if (row.told_again_at if reached else row.told_at) is not None:
            return {}
        phone = phone_of(session, platform.keys, row.person_id)
        code = get_community(session, run.community).code
        due = service.defence_by(row)
    if phone is not None:
        params = {"post": row.post_title, "link": f"{platform.settings.base_url}/c/{code}/recalls/{row.id}"}
        if due is not None:
            params["day"] = due.last_day.isoformat()
        template = "recall-reached" if reached else "recall-demanded"
        try:
            platform.sms.send(phone, (REACHED if reached else DEMANDED) % params, template=template, params=params)
        except SmsNotSent:
            log.warning("recall.not_told", recall=row.id)
            return {}
    with platform.database.writing(seconds=30) as session:
        told = get(session, Recall, run.community, row.id, lock=True)
        if reached:
            told.told_again_at = platform.now()
        else:
            told.told_at = platform.now()
    return {}


def settle(platform: Platform) -> None:
    """Results that did not pass, signatures that came in elsewhere, members who left before the vote."""
    now = platform.now()
    with platform.database.reading() as session:
        busy = [here.id for here in all_communities(session) if service.open_ones(session, here.id)]
    for community_id in busy:
        with platform.database.writing() as session:
            service.settle(session, community_id, now=now)


TASKS = {service.TELL: tell}
