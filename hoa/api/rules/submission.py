"""What a POST of GeoReport v2 reports, read from its form; everything that is wrong is said at once.

Not kept, because nobody here needs it: email, device_id, account_id. media_url is never fetched (it may lead anywhere)
and not shown to staff (a link in a report is an invitation to click). A phone is kept if a message could reach it and a
name stands beside it, as staff see it only then. None of these is a reason to lose a report: the answer names what was
left out.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hoa.affairs.rules.intake import CATEGORIES, MOST_NAME, MOST_SPOT, MOST_TEXT
from hoa.api.rules.refusals import (
    BadCoordinates,
    BadFloor,
    FloorWithoutBuilding,
    NoLocation,
    NoService,
    Refused,
    TooMuch,
    UnknownAttribute,
    UnknownService,
)
from hoa.kernel import identifiers
from hoa.kernel.errors import Refusal

Form = Mapping[str, Sequence[str]]

BUILDING, ENTRANCE, FLOOR = "building", "entrance", "floor"
_NOT_KEPT = ("media_url", "email", "device_id", "account_id")
ATTRIBUTES = (BUILDING, ENTRANCE, FLOOR)
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]*)\](?:\[\])?\Z")
_DEGREES = re.compile(r"-?\d{1,3}(?:\.\d{1,15})?\Z", re.ASCII)
_WHOLE = re.compile(r"-?[1-9]\d{0,2}\Z", re.ASCII)
# From here on names are written in characters: the family name first, nothing between.
_CHARACTERS = 0x2E80


@dataclass(frozen=True, kw_only=True)
class Submission:
    """`place_code` is the code of a poster's place. `spot` is where it is in the reporter's words, or the coordinates
    where nothing else says it. `text` is the category's name when nobody described anything.
    """

    service_code: str
    text: str
    place_code: str = ""
    spot: str = ""
    building: str = ""
    entrance: str = ""
    floor: int | None = None
    name: str = ""
    phone: str | None = None
    left_out: tuple[str, ...] = ()


def read(form: Form) -> Submission:
    """The report, or Refused with everything that is wrong. An empty argument counts as not given."""
    given = {name: _tidy(values[-1]) for name, values in form.items() if values}
    wrong: list[Refusal] = []
    code = _service(given, wrong)
    spot = _location(given, wrong)
    attributes = _attributes(given, wrong)
    text = given.get("description", "")
    name = _name(given)
    for argument, what, most in (
        ("description", text, MOST_TEXT),
        ("address_string", spot, MOST_SPOT),
        ("first_name, last_name", name, MOST_NAME),
    ):
        if len(what) > most:
            wrong.append(TooMuch(field=argument, length=len(what), most=most))
    phone = _phone(given.get("phone", "")) if name else None
    if wrong:
        raise Refused(wrong)
    return Submission(
        service_code=code,
        text=text or CATEGORIES[code],
        place_code=given.get("address_id", ""),
        spot=spot,
        building=attributes.get(BUILDING, ""),
        entrance=attributes.get(ENTRANCE, ""),
        floor=int(attributes[FLOOR]) if FLOOR in attributes else None,
        name=name,
        phone=phone,
        left_out=tuple(argument for argument in (*_NOT_KEPT, *(() if phone else ("phone",))) if given.get(argument)),
    )


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()


def _service(given: Mapping[str, str], wrong: list[Refusal]) -> str:
    code = given.get("service_code", "")
    if not code:
        wrong.append(NoService())
    elif code not in CATEGORIES:
        wrong.append(UnknownService(code=code[:40]))
    return code


def _location(given: Mapping[str, str], wrong: list[Refusal]) -> str:
    """At least one way to say where. Coordinates are kept as words, and only where there are no others: inside one
    compound they say less than a building does, and about ten metres is as near as anybody needs to know.
    """
    latitude, longitude = given.get("lat", ""), given.get("long", "")
    pair = _degrees(latitude, 90), _degrees(longitude, 180)
    if (latitude or longitude) and None in pair:
        wrong.append(BadCoordinates())
        return ""
    if given.get("address_string"):
        return given["address_string"]
    if given.get("address_id"):
        return ""
    if not latitude:
        wrong.append(NoLocation())
        return ""
    return f"WGS84 {pair[0]:.4f}, {pair[1]:.4f}"


def _degrees(text: str, most: int) -> float | None:
    if not _DEGREES.match(text) or abs(float(text)) > most:
        return None
    return float(text)


def _attributes(given: Mapping[str, str], wrong: list[Refusal]) -> Mapping[str, str]:
    """attribute[code]=value; a code that the service definition does not name is refused, not lost."""
    found: dict[str, str] = {}
    for name, value in given.items():
        if not name.startswith("attribute") or not value:
            continue
        match = _ATTRIBUTE.match(name)
        if match is None or match[1] not in ATTRIBUTES:
            wrong.append(UnknownAttribute(name=name[:40]))
        else:
            found[match[1]] = value
    if found.get(FLOOR) and not _WHOLE.match(found[FLOOR]):
        wrong.append(BadFloor())
    elif found.keys() & {ENTRANCE, FLOOR} and BUILDING not in found:
        wrong.append(FloorWithoutBuilding())
    return found


def _name(given: Mapping[str, str]) -> str:
    """The family name first and unspaced where it is written in characters, otherwise as the two were given."""
    first, last = given.get("first_name", ""), given.get("last_name", "")
    if any(ord(letter) >= _CHARACTERS for letter in last + first):
        return last + first
    return " ".join(part for part in (first, last) if part)


def _phone(text: str) -> str | None:
    try:
        return identifiers.mobile(text)
    except Refusal:
        return None
