"""`hoa audit`: the report as a file."""

from datetime import datetime
from pathlib import Path

import click

from finance.audit import making, printing, service
from hoa.community.service import named_community
from hoa.platform import Platform

DAY = click.DateTime(formats=["%Y-%m-%d"])
ENDINGS = (".pdf", ".html")


@click.group()
def audit() -> None:
    """The audit of the books and of the voting record."""


@audit.command(name="report")
@click.option("--community", "code", required=True, metavar="CODE", help="The community's code, such as WTY.")
@click.option("--from", "start", required=True, type=DAY, metavar="DATE", help="First day, 2026-01-01.")
@click.option("--to", "end", required=True, type=DAY, metavar="DATE", help="Last day, 2026-09-30.")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="….pdf or ….html")
@click.pass_obj
def report_command(platform: Platform, code: str, start: datetime, end: datetime, output: Path) -> None:
    """Check a period, keep the report under the next number, and write it to a file: .pdf (signed) or .html."""
    ending = output.suffix.lower()
    if ending not in ENDINGS:
        raise click.BadParameter(f"{output.name}: the file must end in {' or '.join(ENDINGS)}", param_hint="-o")
    if not output.parent.is_dir():
        raise click.BadParameter(f"{output.parent}: there is no such folder", param_hint="-o")
    with platform.database.writing() as session:
        community = named_community(session, code)
        begun = service.begin(session, community.id, start=start.date(), end=end.date(), by=None, now=platform.now())
    report = making.make(platform, community.id, begun.id)
    assert report.content is not None  # a report that was made holds its data
    data = platform.files.get(report.pdf_digest or "")
    if ending == ".html":
        address = platform.settings.base_url + making.path(community.code, report.id)
        data = printing.as_html(platform, report.content, address=address, now=platform.now()).encode()
    output.write_bytes(data)
    click.echo(f"{output}: report {report.label}, {len(report.content['findings'])} findings, data {report.data_hash}")
