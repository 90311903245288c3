"""Messages about an assembly, in the background: to non-voters at their times, to every owner when a rule changes.

A row is committed before its message leaves, so that nobody gets one twice, whatever crashes in between.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.delivering import deliver
from hoa.db import get
from hoa.jobs import Job, Run, enqueue
from hoa.kernel import masking
from hoa.kernel.clock import CHINA, today
from hoa.platform import Platform
from voting.rules import reminding
from voting.rules.life import State
from voting.service import rule_changes, successions, voters
from voting.service.addresses import path
from voting.service.rule_changes import CHANNEL_TITLES, RuleChange
from voting.tables import Assembly, Reminder

REMIND, TELL = "voting.remind", "voting.tell-change"


# ------------------------------------------------------------------------------------------- the worker's periodic look


def run_reminders(platform: Platform) -> None:
    """Ask for what is due; harmless when two workers do it at once, because each message is one row."""
    now = platform.now()
    with platform.database.reading() as session:
        states = [State.NOTICED.value, State.OPEN.value]
        found = session.scalars(select(Assembly).where(Assembly.state.in_(states))).all()
        asked = [(assembly, *wanted) for assembly in found for wanted in _due(session, assembly, now)]
    for assembly, kind, payload in asked:
        with platform.database.writing() as session:
            if not _asked_before(session, assembly, kind, payload):
                enqueue(session, kind, payload, now=now, community_id=assembly.community_id)


def _due(session: Session, assembly: Assembly, now: datetime) -> Sequence[tuple[str, dict[str, Any]]]:
    """Jobs that should be there by now."""
    due: list[tuple[str, dict[str, Any]]] = [
        (TELL, {"assembly": assembly.id, "leaf": change.leaf}) for change in rule_changes.made(session, assembly)
    ]
    slot = reminding.due(opens=assembly.opens_at, closes=assembly.closes_at, ends=assembly.ends_at, now=now)
    if assembly.step is State.OPEN and slot is not None:
        due.append((REMIND, {"assembly": assembly.id, "slot": slot.name}))
    return [(kind, payload) for kind, payload in due if not _asked_before(session, assembly, kind, payload)]


def _asked_before(session: Session, assembly: Assembly, kind: str, payload: dict[str, Any]) -> bool:
    query = select(Job.payload).where(Job.community_id == assembly.community_id, Job.kind == kind)
    return payload in session.scalars(query).all()


# ------------------------------------------------------------------------------------------------------------- the jobs


def remind(run: Run) -> dict[str, Any]:
    """One message to each owner with an elector that has not voted; it tells nothing but where and until when."""
    platform, slot = run.platform, str(run.payload["slot"])
    with platform.database.reading() as session:
        assembly = get(session, Assembly, run.community, str(run.payload["assembly"]))
        left = voters.on_roll(session, assembly) - voters.voted(session, assembly)
        people = voters.reachable(session, platform.keys, assembly, left, day=today(platform.now()))
        link = platform.settings.base_url + path(session, assembly)
    text = f"{assembly.title}：您还没有投票，{_when(assembly.ends_at)} 截止。投票：{link}"
    params = {"title": assembly.title, "closes": _when(assembly.ends_at), "link": link}
    for done, person in enumerate(people):
        run.progress(done, len(people))
        if platform.now() < assembly.ends_at and _still_waits(platform, assembly, person):
            _send(platform, assembly, slot, person, text, template="assembly-reminder", params=params)
    return {"people": len(people), "url": link.removeprefix(platform.settings.base_url) + "/reminders"}


def _still_waits(platform: Platform, assembly: Assembly, person: voters.Reachable) -> bool:
    """Sending to ten thousand takes a while; whoever votes meanwhile is not reminded."""
    with platform.database.reading() as session:
        return not all(
            successions.standing_ballots(session, assembly, successions.ballots(session, assembly, elector))
            for elector in person.electors
        )


def tell_change(run: Run) -> dict[str, Any]:
    """Post a change of the rules on the board, then tell every owner."""
    platform, leaf = run.platform, str(run.payload["leaf"])
    with platform.database.reading() as session:
        assembly = get(session, Assembly, run.community, str(run.payload["assembly"]))
        url = path(session, assembly)
        change = next(one for one in rule_changes.made(session, assembly) if one.leaf == leaf)
        everybody = voters.on_roll(session, assembly)
        people = voters.reachable(session, platform.keys, assembly, everybody, day=today(platform.now()))
    what = _what(change)
    with platform.database.writing(seconds=30) as session:
        rule_changes.publish(session, assembly, leaf, title=f"{assembly.title}：{what}", url=url, now=platform.now())
    link = platform.settings.base_url + url
    text = f"{assembly.title}：{what}。理由和签名见 {link}"
    params = {"title": assembly.title, "change": what, "link": link}
    for done, person in enumerate(people):
        run.progress(done, len(people))
        _send(platform, assembly, reminding.told(leaf), person, text, template="assembly-change", params=params)
    return {"people": len(people), "url": url + "/reminders"}


def _what(change: RuleChange) -> str:
    if change.until is not None:
        return f"截止时间延至 {_when(change.until)}"
    return f"增加投票方式 {CHANNEL_TITLES[str(change.channel)]}"


def _when(moment: datetime) -> str:
    local = moment.astimezone(CHINA)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def _send(
    platform: Platform,
    assembly: Assembly,
    slot: str,
    person: voters.Reachable,
    text: str,
    *,
    template: str,
    params: dict[str, str],
) -> None:
    """Whoever has a row in this slot was told, or is being told."""
    row = Reminder(
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        slot=slot,
        recipient=person.recipient,
        shown=masking.phone(person.phone) if person.phone else "",
        made_at=platform.now(),
    )
    deliver(platform, row, phone=person.phone, text=text, template=template, params=params)


TASKS = {REMIND: remind, TELL: tell_change}
