"""`hoa workdays`: the working calendar from a shell, with what it rests on."""

import json
from collections.abc import Iterator
from datetime import date

import click

from hoa.affairs.rules import basis
from hoa.affairs.rules.basis import Basis
from hoa.kernel.clock import YEARS
from hoa.kernel.workdays import china

MOST_DAYS = 1000


class Day(click.ParamType[date]):
    """A day as `2025-09-26`."""

    name = "day"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is no day; write it as year-month-day, for example 2025-09-26", param, ctx)
        if len(value) != len("2025-09-26") or day.year not in YEARS:
            self.fail(f"{value}: a day between {YEARS.start} and {YEARS.stop - 1}, written like 2025-09-26", param, ctx)
        return day


@click.group()
def workdays() -> None:
    """Working days of China, weekends worked and days off as the State Council announced them."""


@workdays.command()
@click.argument("start", type=Day())
@click.argument("days", type=click.IntRange(1, MOST_DAYS))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
def due(start: date, days: int, as_json: bool) -> None:
    """The last day of a term of DAYS working days that begins after START, and its basis."""
    found = basis.of(start, days, china())
    if as_json:
        click.echo(json.dumps(_value(found), ensure_ascii=False))
        return
    for line in _lines(found):
        click.echo(line)


def _lines(found: Basis) -> Iterator[str]:
    yield f"{found.due.day.isoformat()}{' (provisional)' if found.due.provisional else ''}"
    days = "1 working day" if found.working_days == 1 else f"{found.working_days} working days"
    yield f"{days} after {found.start.isoformat()}, that day itself not counted (民法典 201)"
    for year, source in found.notices:
        yield f"{year}: {source}"
    for year in found.unannounced:
        yield f"{year}: not announced yet, only weekends are known; the day may still move"
    for words, days_ in (("off, though in the week", found.off), ("worked, though a weekend", found.worked)):
        if days_:
            yield f"{words}: {', '.join(day.isoformat() for day in days_)}"


def _value(found: Basis) -> dict[str, object]:
    return {
        "due": found.due.day.isoformat(),
        "provisional": found.due.provisional,
        "start": found.start.isoformat(),
        "working_days": found.working_days,
        "off": [day.isoformat() for day in found.off],
        "worked": [day.isoformat() for day in found.worked],
        "notices": {str(year): source for year, source in found.notices},
        "unannounced": list(found.unannounced),
    }
