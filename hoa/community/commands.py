"""`hoa register`: the register from a shell, for operators and scripts."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from hoa.community import export, imports, service
from hoa.community.imports import Plan
from hoa.community.rules import AreaBasis
from hoa.community.service import UnknownCommunity
from hoa.community.tables import Community
from hoa.kernel.area import show
from hoa.kernel.errors import N_, Refusal
from hoa.platform import Platform


class _TriedOut(Exception):
    """Not a failure: ends the transaction of a dry run, so that nothing of it stays."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__()
        self.answer = answer


class NotWritten(Refusal):
    message = N_("写不进文件 %(path)s：%(reason)s")


@click.group()
def register() -> None:
    """The register of units and owners."""


@register.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--community", "code", required=True, help="The community's code, such as WTY.")
@click.option("--create", "name", help="Create the community under this name when there is none of this code.")
@click.option("--dry-run", is_flag=True, help="Read, compare and report; change nothing.")
@click.option("--remove-missing", is_flag=True, help="Take units that FILE does not name off the register.")
@click.option(
    "--area-basis",
    type=click.Choice([basis.value for basis in AreaBasis]),
    default=AreaBasis.REGISTERED.value,
    show_default=True,
    help="What an area column that does not say so rests on.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
@click.pass_obj
def import_(
    platform: Platform,
    file: Path,
    code: str,
    name: str | None,
    dry_run: bool,
    remove_missing: bool,
    area_basis: str,
    as_json: bool,
) -> None:
    """Bring the register to what FILE (.xlsx) says: the whole file, or nothing of it when it has an error."""
    basis = AreaBasis(area_basis)
    try:
        answer = _import(platform, file, code, name, basis, dry_run=dry_run, remove_missing=remove_missing)
    except _TriedOut as tried:
        answer = tried.answer
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _tell(answer)
    if answer["errors"]:
        sys.exit(1)


def _import(
    platform: Platform,
    file: Path,
    code: str,
    name: str | None,
    basis: AreaBasis,
    *,
    dry_run: bool,
    remove_missing: bool,
) -> dict[str, Any]:
    reading = imports.read_file(file, basis=basis)
    now = platform.now()
    with platform.database.writing(seconds=30) as session:
        community = _community(session, code, name, platform)
        made = imports.plan(session, platform.keys, community, reading)
        answer = _answer(community, made, remove_missing=remove_missing)
        if dry_run or reading.errors:
            raise _TriedOut(answer)
        data = file.read_bytes()
        batch = imports.begin(
            session, platform, community.id, data=data, file_name=file.name, basis=basis, by=None, now=now
        )
        batch.remove_missing = remove_missing
        batch.preview = imports.preview(made)
        batch.register_version = made.version
        imports.write(session, platform.keys, community.id, batch, made, now=now)
    return {**answer, "imported": True}


def _community(session: Session, code: str, name: str | None, platform: Platform) -> Community:
    try:
        return service.named_community(session, code)
    except UnknownCommunity:
        if name is None:
            raise
        return service.create(session, code=code, name=name, by=None, now=platform.now())


def _answer(community: Community, made: Plan, *, remove_missing: bool) -> dict[str, Any]:
    totals = made.reading.totals(parking_counts=community.parking_counts)
    difference = made.difference
    after = difference.after(remove_missing=remove_missing)
    return {
        "community": community.name,
        "units": totals.units,
        "area_centi_m2": totals.area,
        "heads": totals.heads,
        "developer_units": totals.developer_units,
        "coowned_units": totals.coowned_units,
        "changes": {
            "added": len(difference.added),
            "changed": len(difference.changed),
            "removed": len(difference.missing) if remove_missing else 0,
            "missing": len(difference.missing),
        },
        "register": {"units": after.units, "area_centi_m2": after.area, "heads": after.heads},
        "errors": [problem.as_json() for problem in made.reading.errors],
        "warnings": [problem.as_json() for problem in made.reading.warnings],
        "imported": False,
    }


def _tell(answer: dict[str, Any]) -> None:
    for sort in ("errors", "warnings"):
        for problem in answer[sort]:
            click.echo(f"{sort[:-1]}: {_place(problem)}{problem['message']}", err=sort == "errors")
    changes = answer["changes"]
    click.echo(
        f"{answer['community']}: {answer['units']} units, {show(answer['area_centi_m2'])}, {answer['heads']} heads; "
        f"{changes['added']} added, {changes['changed']} changed, {changes['removed']} removed."
    )
    if answer["errors"]:
        click.echo(f"{len(answer['errors'])} errors; nothing was imported.", err=True)
    else:
        click.echo("Imported." if answer["imported"] else "Nothing was changed.")


def _place(problem: dict[str, Any]) -> str:
    """`Sheet!F10: `, or nothing for a problem of the file as a whole."""
    if problem["sheet"] is None:
        return ""
    return f"{problem['sheet']}!{problem['column'] or ''}{problem['row'] or ''}: "


@register.command(name="export")
@click.option("--community", "code", required=True, help="The community's code, such as WTY.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help=".xlsx or .csv")
@click.pass_obj
def export_(platform: Platform, code: str, output: Path) -> None:
    """Write the register to a file; importing it again changes nothing. No certificate or phone number is in it."""
    if output.suffix.lower() not in (".xlsx", ".csv"):
        raise click.BadParameter(f"{output.name}: the file's name must end in .xlsx or .csv", param_hint="--output")
    with platform.database.reading() as session:
        community = service.named_community(session, code)
        found = list(export.rows(session, community.id))
    data = export.as_csv(found) if output.suffix.lower() == ".csv" else export.as_xlsx(found, title=community.name)
    try:
        output.write_bytes(data)
    except OSError as error:
        raise NotWritten(path=str(output), reason=error.strerror or "") from error
    click.echo(f"{len(found)} units written to {output}.")
