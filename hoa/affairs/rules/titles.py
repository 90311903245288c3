"""The public wording that triage gives a suggestion: proposed from what was said, edited by the desk. Pure."""

import re

# Shorter than what may be written (`wording.TITLE_LENGTH`): a line of the public board on a phone.
_PROPOSED = 24
_CLAUSE_ENDS = re.compile(r"[。！？!?；;\r\n]")
_PAUSES = "，,、 "
_GREETING = re.compile(r"^(?:您好|你好|请问|领导好|反映一下|我想反映(?:一下)?|我要反映)[，,。！!：: ]*")


def proposed(masked: str) -> str:
    """A title from a text in which phones, names and rooms are already masked: its first sentence without a greeting,
    cut at a pause where it is long. Empty when nothing was written (a picture alone).
    """
    text = masked.strip()
    while (greeting := _GREETING.match(text)) and greeting.end():
        text = text[greeting.end() :].strip()
    first = next((part.strip() for part in _CLAUSE_ENDS.split(text) if part.strip()), "")
    if len(first) <= _PROPOSED:
        return first
    pause = max(first.rfind(mark, _PROPOSED // 2, _PROPOSED + 1) for mark in _PAUSES)
    return (first[:pause] if pause > 0 else first[:_PROPOSED]).strip()
