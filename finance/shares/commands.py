"""`hoa books apportion`: the share of each unit, for anybody who wants to derive one again."""

import json

import click

from finance.shares.rules import apportion
from hoa.kernel import area, money


@click.command(name="apportion")
@click.option("--amount", required=True, metavar="YUAN", help="What is shared, such as 100000.01.")
@click.option("--areas", required=True, metavar="AREAS", help="Exclusive areas in square metres: 89.50,100.20,120.30.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
def apportion_command(amount: str, areas: str, as_json: bool) -> None:
    """Divide an amount by exclusive areas: largest remainder, ties in the order given."""
    total, shares = apportion.calculate(amount, areas)
    whole = sum(share.area for share in shares)
    if as_json:
        rows = [{"area_centi": share.area, "amount_fen": share.amount_fen} for share in shares]
        click.echo(json.dumps({"total_fen": total, "area_centi": whole, "shares": rows}))
        return
    for share in shares:
        click.echo(f"{area.show(share.area):>16}  {money.show(share.amount_fen):>18}")
    click.echo(f"{area.show(whole):>16}  {money.show(total):>18}")
