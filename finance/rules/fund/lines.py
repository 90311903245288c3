"""From a figure of a statement back to the entries it is made of: what a fen of debit or credit on each account adds.

All three statements are linear in the entries, so two weights an account say everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from finance.rules.charts import Chart
from finance.rules.fund import activities, flows, sheet
from finance.rules.fund.figures import Moved, Nature, Phase, place, roles_of
from finance.rules.fund.rows import Look, Row, made_of
from hoa.kernel.errors import N_, Refusal

SHEET, ACTIVITIES, FLOWS = "01", "02", "03"
NUMBERS = {SHEET: "会民非01表", ACTIVITIES: "会民非02表", FLOWS: "会民非03表"}
NAMES = {SHEET: N_("资产负债表"), ACTIVITIES: N_("业务活动表"), FLOWS: N_("现金流量表")}
ROWS: Mapping[str, Sequence[Row]] = {SHEET: sheet.ROWS, ACTIVITIES: activities.ROWS, FLOWS: flows.ROWS}


class NoSuchLine(Refusal):
    message = N_("报表里没有这一行")
    status = 404


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What one fen of debit and one fen of credit on an account add to a figure: 1, 0 or -1."""

    debit: int
    credit: int


def find_row(statement: str, key: str) -> Row:
    """A line with figures, or NoSuchLine."""
    for row in ROWS.get(statement, ()):
        if row.key == key and row.look is not Look.HEAD:
            return row
    raise NoSuchLine


def weights(statement: str, key: str, chart: Chart) -> dict[str, Weight]:
    """The accounts whose entries make a figure, with what their debits and credits add to it."""
    find_row(statement, key)
    parts = made_of(ROWS[statement], key)
    found: dict[str, Weight] = {}
    for account in chart.accounts:
        roles = roles_of(chart, account.code)
        weight = Weight(
            debit=_adds(statement, parts, _fen(roles, debit=1)), credit=_adds(statement, parts, _fen(roles, credit=1))
        )
        if weight.debit or weight.credit:
            found[account.code] = weight
    return found


def _fen(roles: tuple[str, ...], *, debit: int = 0, credit: int = 0) -> Moved:
    return Moved(
        roles=roles,
        phase=Phase.WITHIN,
        nature=Nature.ORDINARY,
        with_money=True,
        debit_fen=debit,
        credit_fen=credit,
    )


def _adds(statement: str, parts: Mapping[str, int], moved: Moved) -> int:
    if statement == SHEET:
        key = place(moved.roles, sheet.PLACES)
        return parts.get(key, 0) * (moved.fen if key in sheet.DEBITS else -moved.fen)
    if statement == FLOWS:
        return 0 if flows.is_money(moved.roles) else sum(parts.get(key, 0) * fen for key, fen in flows.shares(moved))
    return sum(parts.get(key, 0) * fen for key, _, fen in activities.shares(moved))
