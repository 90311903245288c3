"""How many members a body has, for how long, and how many alternates: the pack's range, odd (rules.md R2.1, R2.5)."""

from datetime import date
from typing import ClassVar, NamedTuple

from hoa.kernel.clock import years_on
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.packs import RulePack

COMMITTEE, SUPERVISORS, SELF_MANAGEMENT = "owners_committee", "supervisory_committee", "self_management_committee"
ELECTED_BODIES = (COMMITTEE, SUPERVISORS, SELF_MANAGEMENT)


class UnknownBody(Refusal):
    message: ClassVar[str] = N_("只能选举业主委员会、业主监督委员会或自管会")


class EvenSeats(Refusal):
    message: ClassVar[str] = N_("名额应是单数，现在是 %(seats)s，请改为 %(less)s 或 %(more)s")


class SeatsOutOfRange(Refusal):
    message: ClassVar[str] = N_("名额应在 %(least)s 到 %(most)s 之间，现在是 %(seats)s（%(source)s）")


class MoreThanVacant(Refusal):
    message: ClassVar[str] = N_("补选的名额不能超过空缺的 %(vacant)s 名，现在是 %(seats)s")


class TermOutOfRange(Refusal):
    message: ClassVar[str] = N_("任期应在 %(least)s 年到 %(most)s 年之间，请修改任期的起止日期（%(source)s）")


class TermPast(Refusal):
    message: ClassVar[str] = N_("任期应从 %(day)s 以后开始，请修改")


class Size(NamedTuple):
    """A community as the exception for small ones sees it: heads, and area in 0.01 m²."""

    heads: int
    area: int


class Range(NamedTuple):
    """The lawful numbers of seats; `source` is where the pack has the lower bound from."""

    least: int
    most: int
    source: str


def is_small(pack: RulePack, size: Size) -> bool:
    """Whether the pack's exception for small communities holds: at most so many heads (Beijing, Hangzhou) or so much
    area (Shanghai); zero means that the pack has none."""
    if not pack.number("committee_seats_small"):
        return False
    heads, area = pack.number("committee_small_heads"), pack.number("committee_small_area")
    return bool((heads and size.heads <= heads) or (area and size.area <= area))


def lawful(pack: RulePack, body: str, size: Size) -> Range:
    """The range for a body. Supervisors are created by the rulebook, not by law (rules.md 2.1), so that they have
    parameters of their own; a self-management committee stands in for the committee and follows its numbers."""
    if body == SUPERVISORS:
        name = "supervisors_seats_min"
        return Range(pack.number(name), pack.number("supervisors_seats_max"), pack.parameters[name].source)
    if body not in ELECTED_BODIES:
        raise UnknownBody
    name = "committee_seats_small" if is_small(pack, size) else "committee_seats_min"
    return Range(pack.number(name), pack.number("committee_seats_max"), pack.parameters[name].source)


def check_seats(pack: RulePack, body: str, size: Size, seats: int) -> Range:
    """Refuse an even number and one outside the range; the range otherwise."""
    allowed = lawful(pack, body, size)
    if not allowed.least <= seats <= allowed.most:
        raise SeatsOutOfRange(seats=seats, least=allowed.least, most=allowed.most, source=allowed.source)
    if seats % 2 == 0:
        raise EvenSeats(seats=seats, less=seats - 1, more=seats + 1)
    return allowed


def check_supplement(vacant: int, seats: int) -> None:
    """A supplementary election fills vacancies, odd or even, and never more than there are (R2.6, R2.13)."""
    if not 1 <= seats <= vacant:
        raise MoreThanVacant(vacant=vacant, seats=seats)


def still_needed(minimum: int, planned: int, sitting: int) -> int:
    """How many a supplementary election must fill for the body to be valid with those who sit already (R2.6): the
    legal minimum and more than half of the planned number; at least one, or there was nothing to elect."""
    return max(1, minimum - sitting, planned // 2 + 1 - sitting)


def alternates(pack: RulePack, seats: int) -> int:
    """The most alternates (候补): the pack's share of the seats, cut off (R2.5; Beijing 39)."""
    return seats * pack.number("alternates_max_percent") // 100


def approve_at_most(pack: RulePack, seats: int) -> int:
    """How many candidates one ballot may agree to: the seats where the pack says so, else its number."""
    value = pack.parameters["election_approve_at_most"].value
    return seats if value == "seats" else int(value)


def check_term(pack: RulePack, starts: date, ends: date, *, today: date) -> None:
    """A term begins after today and lasts as many years as the pack allows; `ends` is the first day after it."""
    if starts <= today:
        raise TermPast(day=today.isoformat())
    least, most = pack.number("committee_term_min_years"), pack.number("committee_term_max_years")
    if not years_on(starts, least) <= ends <= years_on(starts, most):
        raise TermOutOfRange(least=least, most=most, source=pack.parameters["committee_term_max_years"].source)
