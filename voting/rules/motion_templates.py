"""Wordings to begin a motion with, one for each matter M1 to M9. Chinese data: people fill in the blanks (＿＿) and the
motion is what they then wrote."""

import json
from importlib.resources import files
from typing import NamedTuple

BLANK = "＿"


class MotionTemplate(NamedTuple):
    """How a motion on a matter usually reads."""

    matter: str
    title: str
    body: str


def templates() -> dict[str, MotionTemplate]:
    """Every template by its matter's code."""
    raw = json.loads((files("voting") / "rules" / "motion_templates.json").read_text(encoding="utf-8"))
    return {entry["matter"]: MotionTemplate(**entry) for entry in raw}


def is_unfilled(text: str) -> bool:
    """Whether a blank of the template was left open."""
    return BLANK in text
