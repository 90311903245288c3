"""`hoa books archive` and `hoa books verify-archive`."""

from pathlib import Path

import click

from finance.papers import making
from finance.papers.rules import archive as rules
from finance.rules.charts import TRUST, WORK
from finance.rules.years import parse_year
from hoa.community.service import named_community
from hoa.platform import Platform


@click.command(name="archive")
@click.option("--community", "code", required=True, metavar="CODE", help="The community's code, such as WTY.")
@click.option("--year", required=True, type=parse_year, metavar="YEAR", help="A year that is over and closed, 2026.")
@click.option("--book", type=click.Choice((TRUST, WORK)), default=TRUST, show_default=True, help="Which fund.")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def archive(platform: Platform, code: str, year: int, book: str, output: Path) -> None:
    """Write the archive of a year to a file; the same books give the same bytes."""
    if not output.parent.is_dir():
        raise click.BadParameter(f"{output.parent}: there is no such folder", param_hint="-o")
    with platform.database.reading() as session:
        community = named_community(session, code)
    kept, data = making.make(platform, community.id, kind=book, year=year, by=None)
    output.write_bytes(data)
    click.echo(f"{output}: {kept.vouchers} vouchers, {kept.documents} documents, SHA-256 {kept.sha256}")


@click.command(name="verify-archive")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def verify_archive(ctx: click.Context, file: Path) -> None:
    """Check an archive: every member, the chain of vouchers, the signature. Exit status 1 when something is wrong."""
    platform: Platform = ctx.obj
    data = file.read_bytes()
    known = {key: found.public for key, found in platform.keys.public_keys().items()}
    faults = rules.check(data, known=known)
    for fault in faults:
        click.echo(str(fault))
    if faults:
        ctx.exit(1)
    index = rules.read_manifest(data)
    click.echo(
        f"{file}: {index['community']['code']} {index['book']['kind']} {index['year']}, {index['vouchers']} vouchers, "
        f"{index['documents']} documents, {len(index['members'])} members: all as written, signed by {index['key']}."
    )
