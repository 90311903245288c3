"""How cases are spoken on pages and paper: a check's words are message ids, a person's are their own."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from finance.audit.present import spoken
from finance.supervision.rules.cases import ACT_NAMES, STATE_NAMES, Act, State
from finance.supervision.tables import Case

STATE_TAGS: Mapping[State, str] = {
    State.OPEN: "warn",
    State.ANSWERED: "ink",
    State.ESCALATED: "error",
    State.ACCEPTED: "ok",
    State.CORRECTED: "ok",
    State.WITHDRAWN: "plain",
}


def case_told(case: Case) -> dict[str, str]:
    """Title, fact, rule, office and advice in the reader's language."""
    words = {"title": case.title, "rule": case.rule, "office": case.office, "advice": case.advice}
    if not case.check_id:
        return {**words, "fact": case.sentence}
    fact = str(gettext(case.sentence, **spoken(case.params)) if case.params else gettext(case.sentence))
    return {name: str(gettext(text)) if text else "" for name, text in words.items()} | {"fact": fact}


def state_word(state: str) -> str:
    return str(gettext(STATE_NAMES[State(state)]))


def state_tag(state: str) -> str:
    return STATE_TAGS[State(state)]


def act_word(act: str) -> str:
    return str(gettext(ACT_NAMES[Act(act)]))


def words() -> dict[str, Any]:
    return {"case_told": case_told, "state_word": state_word, "state_tag": state_tag, "act_word": act_word}
