"""The blueprint of the desk and the words its pages share."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint
from flask_babel import gettext

from hoa.affairs.powers import PUBLISH, SORT, SUPERVISE
from hoa.affairs.rules import checks
from hoa.affairs.rules.clocks import PROFILE_NAMES, Profile
from hoa.affairs.rules.intake import CATEGORIES, CHANNEL_NAMES, Channel
from hoa.affairs.rules.letters import LEVEL_NAMES
from hoa.affairs.rules.states import ACTION_NAMES, SORTING_NAMES, STATE_NAMES, Action, Sorting, State
from hoa.affairs.service import handlers as units
from hoa.affairs.service import reading
from hoa.affairs.tables import Check, Message, Rating, Suggestion
from hoa.affairs.views.words import place_word
from hoa.kernel.errors import N_
from hoa.web import context

blueprint = Blueprint("sorting", __name__, url_prefix="/c/<community_code>/sorting")

_TAGS = {
    State.RECEIVED: "warn",
    State.ASSIGNED: "ink",
    State.PAUSED: "plain",
    State.ANSWERED: "ink",
    State.RATED: "ok",
    State.PUBLISHED: "ok",
}
_RECIPIENTS = {"reporter": N_("提出人"), "follower": N_("关注的人"), "person": N_("承办或督办的人")}
_OUTCOMES = {
    "sending": N_("正在发送"),
    "sent": N_("已发送"),
    "failed": N_("没有发出去"),
    "unreachable": N_("没有可以发短信的手机号"),
}


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "state_word": lambda row: gettext(STATE_NAMES[State(row.state)]),
        "state_tag": lambda row: _TAGS.get(State(row.state), "plain"),
        "category_word": lambda row: gettext(CATEGORIES.get(row.category, row.category)),
        "channel_word": channel_word,
        "sorting_word": lambda row: gettext(SORTING_NAMES[Sorting(row.sorting)]) if row.sorting else "",
        "profile_word": lambda row: gettext(PROFILE_NAMES[Profile(row.profile)]) if row.profile else "",
        "action_word": lambda step: gettext(ACTION_NAMES[Action(step.action)]),
        "level_word": lambda step: gettext(LEVEL_NAMES[step.details["level"]]),
        "via_word": via_word,
        "check_word": check_word,
        "message_word": message_word,
        "place_word": place_word,
        "name_word": name_word,
    }


def channel_word(row: Suggestion) -> str:
    """How it came in; of other software, which."""
    channel = Channel(row.channel)
    name = str(gettext(CHANNEL_NAMES[channel]))
    if channel is not Channel.OPEN311:
        return name
    software = reading.history(context.reading(), row)[0].details.get("software")
    return f"{name} · {software}" if software else name


def name_word(row: Suggestion) -> str:
    """What a list calls it: the desk's title, else its category and place."""
    return row.title or " ".join(filter(None, (gettext(CATEGORIES.get(row.category, row.category)), row.building)))


def via_word(rating: Rating) -> str:
    """How a rating came."""
    return str(gettext(checks.VIA_NAMES[checks.Via(rating.via)]))


def check_word(check: Check) -> str:
    """How it was looked after, and what came out."""
    kind, outcome = checks.Kind(check.kind), checks.Outcome(check.outcome)
    return str(
        gettext(
            "%(kind)s：%(outcome)s",
            kind=gettext(checks.KIND_NAMES[kind]),
            outcome=gettext(checks.OUTCOME_NAMES[outcome]),
        )
    )


def message_word(message: Message, about: str) -> str:
    """To whom a message went, of which step it told, and whether it arrived. No number and no word of it is kept."""
    recipient = gettext(_RECIPIENTS.get(message.recipient.partition(":")[0], message.recipient))
    outcome = gettext(_OUTCOMES.get(message.outcome, message.outcome))
    return str(
        gettext("给%(recipient)s，关于“%(about)s”：%(outcome)s", recipient=recipient, about=about, outcome=outcome)
    )


def unit_names(*, ended: bool = True) -> Mapping[str, str]:
    """The units' names by id, those of the past too."""
    rows = units.handlers(context.reading(), context.community().id, ended=ended)
    return {row.id: row.name for row in rows}


def unit_choices() -> Sequence[tuple[str, str]]:
    """The units that may be given something today, for a select that chooses none by itself."""
    return [("", gettext("请选择")), *unit_names(ended=False).items()]


def may_look_after() -> bool:
    """Call-backs, on-site checks and ratings told on the phone: the desk's and the supervisors' part."""
    return any(map(context.may, (SORT, SUPERVISE, PUBLISH)))
