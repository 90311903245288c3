"""How personal data looks to people who need not see it (experience.md, privacy)."""

from __future__ import annotations

import re
import unicodedata

_LAST_DIGITS = re.compile(r"\d{1,2}(?=\D*\Z)")
_MOBILE = re.compile(r"1\d{10}\Z", re.ASCII)


def name(full: str) -> str:
    """张三 → 张*, 张三丰 → 张**; a name of one character shows nothing."""
    characters: list[str] = []
    for character in full.strip():
        # A variation selector or accent belongs to the character before it.
        if characters and (unicodedata.category(character).startswith("M")):
            characters[-1] += character
        else:
            characters.append(character)
    if len(characters) < 2:
        return "*" * len(characters)
    return characters[0] + "*" * (len(characters) - 1)


def phone(number: str) -> str:
    """13812341234 → 138****1234; anything that is no mobile number shows its last two digits at most."""
    if _MOBILE.match(number):
        return f"{number[:3]}****{number[-4:]}"
    return "*" * max(len(number) - 2, 0) + number[-2:] if len(number) > 6 else "*" * len(number)


def room(label: str) -> str:
    """3幢1单元1201 → 3幢1单元12**: the building and floor stay, the door does not."""
    return _LAST_DIGITS.sub(lambda match: "*" * len(match[0]), label)
