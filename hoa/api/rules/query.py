"""Which requests a GET asks for: by number, or by time, service and status (GeoReport v2, GET Service Requests)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hoa.affairs.rules.intake import CATEGORIES
from hoa.api.rules.refusals import BadMoment, BadSpan, Refused, TooMany, UnknownService, UnknownStatus
from hoa.api.rules.told import Status
from hoa.kernel.clock import CHINA, YEARS
from hoa.kernel.errors import Refusal

# "Default query limit is a span of 90 days or first 1000 requests returned, whichever is smallest."
SPAN = timedelta(days=90)
MOST = 1000

# The W3C's subset of ISO 8601 with a time zone, which the specification demands. An unescaped plus sign arrives as a
# space; it can mean nothing else.
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?(Z|[+ -]\d\d:\d\d)\Z", re.ASCII)
_LABEL = re.compile(r"(\d{4})-(\d{4,9})\Z", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Query:
    """`numbers` are (year, number) and override the rest; None when no number was asked for."""

    numbers: Sequence[tuple[int, int]] | None
    services: frozenset[str]
    statuses: frozenset[Status]
    start: datetime
    end: datetime


def read(arguments: Mapping[str, Sequence[str]], *, now: datetime) -> Query:
    """The query, or Refused with everything that is wrong."""
    wrong: list[Refusal] = []
    labels = _several(arguments, "service_request_id")
    if labels:
        if len(labels) > MOST:
            raise Refused([TooMany(most=MOST)])
        numbers = [pair for label in labels if (pair := number_of(label)) is not None]
        return Query(numbers=numbers, services=frozenset(), statuses=frozenset(Status), start=now, end=now)
    services = _several(arguments, "service_code")
    wrong.extend(UnknownService(code=code[:40]) for code in services if code not in CATEGORIES)
    statuses = _several(arguments, "status")
    known = {str(status) for status in Status}
    wrong.extend(UnknownStatus(status=status[:20]) for status in statuses if status not in known)
    start = _moment(arguments, "start_date", wrong)
    end = _moment(arguments, "end_date", wrong)
    if not wrong:
        start, end = _span(start, end, now)
        if not timedelta(0) <= end - start <= SPAN:
            wrong.append(BadSpan(days=SPAN.days))
    if wrong:
        raise Refused(wrong)
    assert start is not None
    assert end is not None
    return Query(
        numbers=None,
        services=frozenset(services) or frozenset(CATEGORIES),
        statuses=frozenset(Status(status) for status in statuses) or frozenset(Status),
        start=start,
        end=end,
    )


def number_of(label: str) -> tuple[int, int] | None:
    """2026-0012 as (2026, 12), None for anything that is no number of ours."""
    match = _LABEL.match(label)
    return (int(match[1]), int(match[2])) if match and int(match[1]) in YEARS else None


def _several(arguments: Mapping[str, Sequence[str]], name: str) -> list[str]:
    """Declared several times, comma delimited, or both."""
    parts = [part.strip() for value in arguments.get(name, ()) for part in value.split(",")]
    return [part for part in dict.fromkeys(parts) if part]


def _moment(arguments: Mapping[str, Sequence[str]], name: str, wrong: list[Refusal]) -> datetime | None:
    text = next((value.strip() for value in reversed(arguments.get(name, ())) if value.strip()), "")
    if not text:
        return None
    match = _MOMENT.match(text)
    try:
        if match is None:
            raise ValueError(text)
        zone = match[3].replace(" ", "+").replace("Z", "+00:00")
        moment = datetime.fromisoformat(f"{match[1]}{match[2] or ':00'}{zone}")
        if moment.year not in YEARS:
            raise ValueError(text)
    except ValueError:
        wrong.append(BadMoment(field=name))
        return None
    return moment.astimezone(CHINA)


def _span(start: datetime | None, end: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """With one end given, the 90 days on its other side; with none, the last 90 days."""
    if start is not None:
        return start, end if end is not None else start + SPAN
    return (end or now) - SPAN, end or now
