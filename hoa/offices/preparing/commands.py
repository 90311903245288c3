"""`hoa preparation`: the clock of a preparation from a shell, for a district that looks over many communities."""

import json
import sys
from typing import Any

import click

from hoa.community.service import named_community
from hoa.kernel.clock import today
from hoa.offices.preparing import progress
from hoa.offices.preparing.rules.clock import State
from hoa.platform import Platform


@click.group()
def preparation() -> None:
    """Preparing a first assembly or a re-election."""


@preparation.command()
@click.option("--community", "code", required=True, help="The community's code, such as WTY.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
@click.pass_obj
def clock(platform: Platform, code: str, as_json: bool) -> None:
    """Each step with its last day, whose turn it is and its state. Exits with 1 when a step is late."""
    found = _clock(platform, code)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for step in found["steps"]:
            click.echo(f"{step['state']:<10} {step['due'] or '-':<12} {step['turn']:<10} {step['step']}")
        if not found["steps"]:
            click.echo(f"{found['community']}: nothing is being prepared")
    if any(step["state"] == State.LATE for step in found["steps"]):
        sys.exit(1)


def _clock(platform: Platform, code: str) -> dict[str, Any]:
    day = today(platform.now())
    with platform.database.reading() as session:
        here = named_community(session, code)
        row = progress.running(session, here.id)
        found = progress.of(session, row) if row else None
        return {
            "community": here.code,
            "kind": found.row.kind if found else None,
            "group_lawful": found.lawful if found else None,
            "steps": [
                {
                    "step": step.code,
                    "turn": step.turn.value,
                    "state": step.state(day).value,
                    "due": step.deadline.day.isoformat() if step.deadline else None,
                    "forecast": bool(step.deadline and step.deadline.forecast),
                    "done_on": step.done_on.isoformat() if step.done_on else None,
                }
                for step in (found.steps if found else ())
            ],
        }
