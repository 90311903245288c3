"""What happened to a suggestion, told to whoever reported it: step by step, with reasons, in plain words."""

from collections.abc import Sequence
from typing import NamedTuple

from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.affairs.rules.checks import KIND_NAMES, OUTCOME_NAMES, STAR_NAMES, Kind, Outcome
from hoa.affairs.rules.letters import LEVEL_NAMES
from hoa.affairs.rules.states import ACTION_NAMES, SORTING_NAMES, Action, Actor, Sorting
from hoa.affairs.service import handlers, reading
from hoa.affairs.tables import Step, Suggestion
from hoa.web.i18n import day, moment

ACTORS = {
    Actor.REPORTER: lambda: gettext("提出人"),
    Actor.DESK: lambda: gettext("诉求处理席"),
    Actor.HANDLER: lambda: gettext("承办单位"),
    Actor.SUPERVISOR: lambda: gettext("监督方"),
    Actor.CLOCK: lambda: gettext("系统按期限自动记录"),
}


class Line(NamedTuple):
    """One line of a timeline, as `parts.timeline` takes it."""

    state: str
    title: str
    text: str
    more: str


def told(session: Session, row: Suggestion) -> Sequence[Line]:
    """Every step, the first one first; nobody is named but the unit that handles it."""
    steps = reading.history(session, row)
    names = {
        step.handler_id: handlers.name_of(session, row.community_id, step.handler_id)
        for step in steps
        if step.handler_id is not None
    }
    return [_line(step, names[step.handler_id] if step.handler_id else "") for step in steps]


def _line(step: Step, handler: str) -> Line:
    action = Action(step.action)
    by = handler if handler and step.by == Actor.HANDLER else ACTORS[Actor(step.by)]()
    return Line("done", _title(action, step, handler), _text(action, step), f"{moment(step.at)} · {by}")


def _title(action: Action, step: Step, handler: str) -> str:
    title = gettext(ACTION_NAMES[action])
    details = step.details
    if action in (Action.ASSIGN, Action.REASSIGN) and handler:
        title = gettext("%(action)s给%(handler)s", action=title, handler=handler)
    if action is Action.ASSIGN and details.get("sorting") in set(Sorting):
        sorting = gettext(SORTING_NAMES[Sorting(str(details["sorting"]))])
        title = gettext("%(title)s（%(kind)s）", title=title, kind=sorting)
    if action in (Action.ESCALATE, Action.SUPERVISE) and details.get("level") in LEVEL_NAMES:
        level = gettext(LEVEL_NAMES[int(details["level"])])
        title = gettext("%(title)s（%(kind)s）", title=title, kind=level)
    return str(title)


def _text(action: Action, step: Step) -> str:
    details = step.details
    if action is Action.SUPERVISE:
        last = day(str(details["answer_by"])) if details.get("answer_by") else "—"
        letter = details.get("letter", "")
        return str(gettext("已逾期，发出督办函 %(letter)s，要求在 %(day)s 前答复", letter=letter, day=last))
    if action is Action.RATE and details.get("stars") in STAR_NAMES:
        stars = int(details["stars"])
        return str(gettext("%(stars)s 星，%(word)s", stars=stars, word=gettext(STAR_NAMES[stars])))
    if action is Action.CHECK and details.get("kind") in set(Kind) and details.get("outcome") in set(Outcome):
        kind, outcome = KIND_NAMES[Kind(str(details["kind"]))], OUTCOME_NAMES[Outcome(str(details["outcome"]))]
        return f"{gettext(kind)} · {gettext(outcome)}"
    if action is Action.MERGE and details.get("label"):
        merged = gettext("并入 %(label)s 一起办", label=details["label"])
        return f"{merged} · {step.reason}" if step.reason else merged
    if action is Action.PAUSE and details.get("until"):
        until = gettext("预计 %(day)s 恢复", day=day(str(details["until"])))
        return f"{step.reason} · {until}"
    return step.reason
