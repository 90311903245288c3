"""`hoa assembly …`: the assembly's sums, lists and packages at a command line."""

import json
from typing import Any

import click

from voting.rules import shares
from voting.rules.matters import matter as find_matter
from voting.rules.thresholds import Decision, decide


@click.group()
def assembly() -> None:
    """Owners' assemblies: decide, list, move a step, package."""


def decision_value(decision: Decision) -> dict[str, Any]:
    """A decision as JSON: the four keys that scripts rely on."""
    return {
        "quorum": decision.quorum,
        "passed": decision.passed,
        "article": decision.article,
        "inequalities": [
            {
                "measure": test.measure.value,
                "formula": test.formula,
                "holds": test.holds,
                "missing": test.missing,
                "unit": "0.01 m2" if test.measure.is_area else "heads",
            }
            for test in decision.inequalities
        ],
    }


@assembly.command("decide")
@click.option("--matter", required=True, help="M1 to M9, the items of 民法典 278 第一款.")
@click.option("--roll", required=True, metavar="HEADS/AREA", help="Everybody on the roll, e.g. 100/10000.00 (m²).")
@click.option("--participated", required=True, metavar="HEADS/AREA", help="Those who took part, abstentions included.")
@click.option("--agreed", required=True, metavar="HEADS/AREA", help="Those who agreed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def decide_command(matter: str, roll: str, participated: str, agreed: str, as_json: bool) -> None:
    """Do the sum of 民法典 278 第二款 for anyone; needs no database."""
    decision = decide(
        find_matter(matter),
        roll=shares.parse(roll),
        participated=shares.parse(participated),
        agreed=shares.parse(agreed),
    )
    if as_json:
        click.echo(json.dumps(decision_value(decision), ensure_ascii=False))
        return
    click.echo(f"{'PASSED' if decision.passed else 'NOT PASSED'} ({'quorum' if decision.quorum else 'no quorum'})")
    for test in decision.inequalities:
        click.echo(f"  {test.measure.value:<18} {test.formula}  {'yes' if test.holds else 'no'}")
    click.echo(decision.article)
