"""Messages to owners about ballots that somebody else had a hand in; each names who, and what to do if it was not meant
so. Never what was chosen.

A crash between sending and noting it may send a message twice; not sending it at all would be worse.
"""

from typing import Any

from hoa.community.service import get_community
from hoa.db import get
from hoa.jobs import Run
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import N_
from voting.service import assisting, proxies
from voting.tables import Assembly, ProxyAuthority

HELPED = N_(
    "%(when)s 在“%(title)s”为您投了一票，协助人%(helper)s。不是您的意思请马上打 %(phone)s；截止以前也可以自己登录核对。"
)
AUTHORISED = N_("有人登记了您委托%(agent)s在“%(title)s”代您投票的委托书。没有委托过请马上打 %(phone)s，或登录撤回。")
VOTED = N_("%(agent)s 已按您的委托在“%(title)s”代您投票。您可以登录看回执；截止以前自己投票的，以您自己的票为准。")


def tell_helped(run: Run) -> dict[str, Any]:
    """Tell an owner that a ballot was cast with help, by whom, and how to contest it."""
    platform, session_id = run.platform, str(run.payload["assisted"])
    with platform.database.reading() as session:
        found = assisting.to_tell(session, platform.keys, run.community, session_id)
        phone = get_community(session, run.community).help_phone or ""
    if found is None:
        return {}
    row, title, number = found
    assert row.cast_at is not None
    when = row.cast_at.astimezone(CHINA).strftime("%m-%d %H:%M")
    params = {"when": when, "title": title, "helper": row.helper, "phone": phone}
    platform.sms.send(number, HELPED % params, template="assisted-vote", params=params)
    with platform.database.writing(seconds=30) as session:
        assisting.told(session, run.community, session_id, now=platform.now())
    return {}


def tell_principal(run: Run) -> dict[str, Any]:
    """Tell a principal that an authority of theirs was registered, or that the agent voted on it."""
    platform = run.platform
    with platform.database.reading() as session:
        row = get(session, ProxyAuthority, run.community, str(run.payload["authority"]))
        number = proxies.principals_phone(session, platform.keys, row)
        title = get(session, Assembly, run.community, row.assembly_id).title
        phone = get_community(session, run.community).help_phone or ""
    if number is not None:
        params = {"agent": row.agent_name, "title": title, "phone": phone}
        template = "proxy-voted" if row.leaf else "proxy-registered"
        platform.sms.send(number, (VOTED if row.leaf else AUTHORISED) % params, template=template, params=params)
    return {}


TASKS = {"voting.tell-helped": tell_helped, "voting.tell-principal": tell_principal}
