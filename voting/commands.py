"""`hoa assembly …`: the assembly's sums, lists and packages at a command line."""

import json
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from hoa.community.service import named_community
from hoa.kernel.errors import N_, Refusal
from hoa.platform import Platform
from voting.rules import election_file, shares
from voting.rules.election import stands
from voting.rules.life import State
from voting.rules.matters import matter as find_matter
from voting.rules.package import Form
from voting.rules.thresholds import Decision, decide
from voting.service import closing, packages, reading
from voting.tables import Assembly


class UnknownAssembly(Refusal):
    message = N_("%(community)s 没有编号为 %(code)s 的业主大会会议，用 hoa assembly list 查看")
    status = 404


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


@assembly.command("elect")
@click.option(
    "--file", "path", required=True, metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def elect_command(path: Path, as_json: bool) -> None:
    """Do an election's sum for anyone: who passes, who is elected, who is an alternate; needs no database.

    FILE is JSON: roll, seats, minimum, alternates, candidates with name, participated and agreed (HEADS/AREA), and the
    lot's seed where somebody is equal.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} cannot be read: {error}") from error
    count = election_file.count(text)
    value = elected_value(count)
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False))
        return
    result = count.result
    committee = "committee" if stands(result.outcome) else "no committee"
    click.echo(f"{result.outcome.value.upper()} ({committee}, {result.vacant} vacant)")
    for row in value["candidates"]:
        place = f"{row['place']}." if row["place"] else "-"
        click.echo(
            f"{place:>3} {row['code']}  {row['name']}  {row['result']}" + (f"  lot {row['lot']}" if row["lot"] else "")
        )
        for test in row["inequalities"]:
            short = f", {test['missing']} {test['unit']} short" if test["missing"] else ""
            click.echo(f"      {test['measure']:<18} {test['formula']}  {'yes' if test['holds'] else 'no'}{short}")


def elected_value(count: election_file.Count) -> dict[str, Any]:
    """An election as JSON, candidates in rank."""
    result, lots = count.result, election_file.lots(count.result)
    places = {one.motion: place for place, one in enumerate(result.ranking, start=1)}

    def row(one: election_file.Stood) -> dict[str, Any]:
        taken = {**dict.fromkeys(result.alternates, "alternate"), **dict.fromkeys(result.elected, "elected")}
        return {
            "place": places.get(one.code),
            "code": one.code,
            "name": one.name,
            "result": taken.get(one.code, "not elected"),
            "lot": lots.get(one.code),
            **decision_value(one.decision),
        }

    stood = sorted(count.stood, key=lambda one: places.get(one.code, len(count.stood) + 1))
    return {
        "outcome": result.outcome.value,
        "elected": list(result.elected),
        "alternates": list(result.alternates),
        "vacant": result.vacant,
        "candidates": [row(one) for one in stood],
    }


def _community_option(command: Any) -> Any:
    return click.option("--community", required=True, metavar="CODE", help="The community, e.g. WTY.")(command)


def _find(session: Session, community: str, code: str) -> Assembly:
    """The assembly with this code, or a sentence that says where to look."""
    here = named_community(session, community)
    found = next((row for row in reading.assemblies(session, here.id, drafts=True) if row.code == code), None)
    if found is None:
        raise UnknownAssembly(community=here.code, code=code)
    return found


@assembly.command("list")
@_community_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of {code, title, state}.")
@click.pass_obj
def list_command(platform: Platform, community: str, as_json: bool) -> None:
    """The community's assemblies, what is under way first."""
    with platform.database.reading() as session:
        rows = reading.assemblies(session, named_community(session, community).id, drafts=True)
    if as_json:
        value = [{"code": row.code, "title": row.title, "state": row.state} for row in rows]
        click.echo(json.dumps(value, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row.code}  {row.state:<9}  {row.title}")


@assembly.command("package")
@click.argument("code", metavar="ASSEMBLY")
@_community_option
@click.option("--public", "form", flag_value=Form.PUBLIC.value, help="For everybody: no elector, no single ballot.")
@click.option("--full", "form", flag_value=Form.FULL.value, help="For supervisors, auditors and the street office.")
@click.option("-o", "output", required=True, metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def package_command(platform: Platform, code: str, community: str, form: str | None, output: Path) -> None:
    """Write the audit package of a counted assembly; `python3 voting/verify.py FILE` checks it anywhere."""
    if form is None:
        raise click.UsageError("Say which package: --public or --full.")
    with platform.database.reading() as session:
        found = _find(session, community, code)
        data = packages.build(session, platform.keys, found, Form(form))
    try:
        output.write_bytes(data)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"{output}  {len(data)} bytes  assembly {found.manifest_hash}")


def _step(target: State) -> click.Command:
    @click.argument("code", metavar="ASSEMBLY")
    @_community_option
    @click.pass_obj
    def take(platform: Platform, code: str, community: str) -> None:
        with platform.database.writing() as session:
            found = _find(session, community, code)
            step = closing.STEPS[target]
            step(session, platform.keys, found.community_id, found.id, by=None, now=platform.now())
        click.echo(f"{code}  {target.value}")

    names = {State.OPEN: "open", State.CUT_OFF: "cutoff", State.CLOSED: "close"}
    words = {
        State.OPEN: "Begin voting, once the noticed time has come (the worker does it by itself).",
        State.CUT_OFF: "End acceptance, once the noticed time has come (the worker does it by itself).",
        State.CLOSED: "Seal the log after the cut-off (the worker does it by itself).",
    }
    return click.command(names[target], help=words[target])(take)


for _target in closing.STEPS:
    assembly.add_command(_step(_target))
