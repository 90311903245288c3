"""Rule packs: what a jurisdiction adds to the national floor, as data with dates, sources and whether the source was
read.

The thresholds of 民法典 278 are code (`thresholds`), because no pack may lower them; everything a pack says is a
parameter.
"""

import json
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal


class UnknownRulePack(Refusal):
    message: ClassVar[str] = N_("没有名为 %(code)s 的规则包，或者它在 %(day)s 还没有生效、已经失效")


class Parameter(NamedTuple):
    """One value with where it comes from; `verified` only when the text of the source was read."""

    value: int | str
    source: str
    verified: bool


class RulePack(NamedTuple):
    """The rules of one jurisdiction between two days; assemblies name it by `code` and freeze its values in their
    manifest."""

    code: str
    title: str
    jurisdiction: str
    valid_from: date
    valid_to: date | None
    source: str
    verified: bool
    parameters: Mapping[str, Parameter]

    def number(self, name: str) -> int:
        """An integer parameter; a pack without it is broken, not lenient."""
        value = self.parameters[name].value
        if not isinstance(value, int):
            raise TypeError(f"{self.code}: {name} is not a number")
        return value

    def text(self, name: str) -> str:
        """A word parameter."""
        value = self.parameters[name].value
        if not isinstance(value, str):
            raise TypeError(f"{self.code}: {name} is not a word")
        return value

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def parse(raw: Mapping[str, object]) -> RulePack:
    """A pack from its JSON object."""
    parameters = raw["parameters"]
    if not isinstance(parameters, dict):
        raise TypeError("parameters must be an object")
    until = raw["valid_to"]
    return RulePack(
        code=str(raw["code"]),
        title=str(raw["title"]),
        jurisdiction=str(raw["jurisdiction"]),
        valid_from=date.fromisoformat(str(raw["valid_from"])),
        valid_to=None if until is None else date.fromisoformat(str(until)),
        source=str(raw["source"]),
        verified=raw["verified"] is True,
        parameters={name: Parameter(**entry) for name, entry in parameters.items()},
    )


def all_packs() -> tuple[RulePack, ...]:
    """Every pack that ships with the program, by code."""
    folder = files("hoa.kernel") / "rule_packs"
    texts = sorted(
        (item.name, item.read_text(encoding="utf-8")) for item in folder.iterdir() if item.name.endswith(".json")
    )
    return tuple(parse(json.loads(text)) for _, text in texts)


def pack(code: str, *, day: date) -> RulePack:
    """The pack with this code, if it holds on `day`."""
    for candidate in all_packs():
        if candidate.code == code and candidate.holds_on(day):
            return candidate
    raise UnknownRulePack(code=code, day=day.isoformat())
