"""Sending an outside unit's contact the link by which they sign in.

The worker makes the link in the moment it is sent: its token stands in the message and nowhere else, neither in a job
nor before the eyes of whoever asked for it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.affairs.service import handlers
from hoa.community.service import get_community
from hoa.jobs import Job, Run, enqueue

TASK = "affairs.handler_link"


def ask(session: Session, community_id: str, ids: Sequence[str], *, by: str | None, now: datetime) -> Job:
    """Have links sent to these units' contacts; none are sent for none, at the same price."""
    return enqueue(session, TASK, {"handlers": list(ids)}, now=now, community_id=community_id, person_id=by)


def send(run: Run) -> dict[str, Any]:
    """A new link to each contact. Whoever has more on the platform than this gets the way to the ordinary sign-in."""
    platform = run.platform
    with platform.database.reading() as session:
        code = get_community(session, run.community).code
    for handler_id in run.payload["handlers"]:
        with platform.database.writing() as session:
            row = handlers.find(session, run.community, handler_id)
            try:
                token = handlers.make_link(session, run.community, handler_id, now=platform.now())
                path = f"/c/{code}/handling/enter/{token}"
            except handlers.UseCode:
                path = f"/sign-in?next=/c/{code}/handling/"
            phone = accounts.phone_of(session, platform.keys, row.person_id) if row.person_id else None
        if phone is not None:
            link = platform.settings.base_url + path
            platform.sms.send(
                phone,
                f"请登录办理交办给{row.name}的诉求，72 小时内有效，只能用一次，不要转给别人：{link}",
                template="handler-link",
                params={"name": row.name, "link": link},
            )
    return {"url": f"/c/{code}/handlers/"}
