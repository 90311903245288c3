"""`hoa audit`: the report as a file, and signatures under it with key files."""

import re
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.audit import making, printing, service, signatures
from finance.audit.rules.report import LANGUAGES, Choice, Kind, Opinion, check
from finance.audit.tables import AuditReport
from hoa.accounts.commands import PersonalKey
from hoa.community.service import named_community
from hoa.kernel import sign_files
from hoa.kernel.errors import NotFound
from hoa.platform import Platform

DAY = click.DateTime(formats=["%Y-%m-%d"])
ENDINGS = (".pdf", ".html")
NO_OPINION = "none"
LABEL = re.compile(r"(\d{4})-(\d{1,6})", re.ASCII)

_code = click.option("--community", "code", required=True, metavar="CODE", help="The community's code, such as WTY.")
_report = click.option("--report", "label", required=True, metavar="NUMBER", help="The report's number: 2026-001.")
_file = click.Path(dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """The audit of the books and of the voting record."""


@audit.command(name="report")
@_code
@click.option("--from", "start", required=True, type=DAY, metavar="DATE", help="First day, 2026-01-01.")
@click.option("--to", "end", required=True, type=DAY, metavar="DATE", help="Last day, 2026-09-30.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), default=Kind.AUDIT.value, show_default=True)
@click.option(
    "--opinion",
    type=click.Choice([opinion.value or NO_OPINION for opinion in Opinion]),
    default=NO_OPINION,
    show_default=True,
    help="The reporter's opinion.",
)
@click.option("--opinion-text", default="", help="Its reasons; needed for every opinion that is not clean.")
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
@click.option("-o", "--output", required=True, type=_file, help="….pdf or ….html")
@click.pass_obj
def report_command(
    platform: Platform,
    code: str,
    start: datetime,
    end: datetime,
    kind: str,
    opinion: str,
    opinion_text: str,
    language: str,
    output: Path,
) -> None:
    """Check a period, keep the report under the next number, and write it to a file: .pdf (signed) or .html."""
    ending = output.suffix.lower()
    if ending not in ENDINGS:
        raise click.BadParameter(f"{output.name}: the file must end in {' or '.join(ENDINGS)}", param_hint="-o")
    _folder_of(output)
    chosen = Opinion("" if opinion == NO_OPINION else opinion)
    choice = Choice(kind=Kind(kind), opinion=chosen, text=opinion_text, language=language)
    check(choice)
    with platform.database.writing() as session:
        community = named_community(session, code)
        begun = service.begin(
            session, community.id, start=start.date(), end=end.date(), by=None, now=platform.now(), choice=choice
        )
    report = making.make(platform, community.id, begun.id)
    assert report.content is not None  # a report that was made holds its data
    data = platform.files.get(report.pdf_digest or "")
    if ending == ".html":
        address = platform.settings.base_url + making.path(community.code, report.id)
        data = printing.as_html(
            platform, report.content, address=address, now=platform.now(), language=language
        ).encode()
    output.write_bytes(data)
    click.echo(f"{output}: report {report.label}, {len(report.content['findings'])} findings, data {report.data_hash}")


@audit.command(name="prepare")
@_code
@_report
@click.option("--key-id", required=True, metavar="p256:…", help="The signer's registered key (`hoa sign public`).")
@click.option("-o", "--output", required=True, type=_file, metavar="to-sign.json")
@click.pass_obj
def prepare_command(platform: Platform, code: str, label: str, key_id: str, output: Path) -> None:
    """Make room for a signature in a report's PDF; `hoa sign` signs what comes out, anywhere."""
    _folder_of(output)
    community_id, report_id, person_id = _who_and_what(platform, code, label, key_id)
    with platform.database.writing(seconds=30) as session:
        row = signatures.prepare_for(
            session, platform, community_id, report_id, person_id=person_id, now=platform.now()
        )
        data = sign_files.write_to_sign(row.key_id, [signatures.item(row)])
    output.write_bytes(data)
    click.echo(f"{output}: waits for {key_id}")


@audit.command(name="embed")
@_code
@_report
@click.argument("signed", metavar="signed.json", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key-id", required=True, metavar="p256:…", help="The signer's registered key.")
@click.option("-o", "--output", type=_file, metavar="REPORT.pdf", help="Write the signed PDF here too.")
@click.pass_obj
def embed_command(platform: Platform, code: str, label: str, signed: Path, key_id: str, output: Path | None) -> None:
    """Put a signature that `hoa sign` made into the report's PDF."""
    signature = sign_files.read_signed(signed.read_bytes()).get(signatures.ITEM)
    if signature is None:
        raise sign_files.NotASignedFile
    _embed(platform, code, label, key_id, signature, output)


@audit.command(name="sign")
@_code
@_report
@click.option("--key", "key_file", required=True, metavar="KEY.pem", type=_file, help="The signer's private key.")
@click.option("-o", "--output", type=_file, metavar="REPORT.pdf", help="Write the signed PDF here too.")
@click.pass_obj
def sign_command(platform: Platform, code: str, label: str, key_file: Path, output: Path | None) -> None:
    """Prepare, sign and embed in one step, where the key file may lie on this machine."""
    key = PersonalKey(key_file)
    community_id, report_id, person_id = _who_and_what(platform, code, label, key.id)
    with platform.database.writing(seconds=30) as session:
        row = signatures.prepare_for(
            session, platform, community_id, report_id, person_id=person_id, now=platform.now()
        )
        message = signatures.item(row).message
    _embed(platform, code, label, key.id, key.sign(message), output)


def _embed(platform: Platform, code: str, label: str, key_id: str, signature: bytes, output: Path | None) -> None:
    if output is not None:
        _folder_of(output)
    community_id, report_id, person_id = _who_and_what(platform, code, label, key_id)
    with platform.database.writing(seconds=30) as session:
        made = signatures.sign(
            session,
            platform,
            community_id,
            report_id,
            person_id=person_id,
            signature=signature,
            now=platform.now(),
        )
        digest, number = made.pdf_digest, made.no
    if output is not None:
        output.write_bytes(platform.files.get(digest))
    click.echo(f"report {label}: signature {number} by {key_id}, PDF {digest}")


def _folder_of(output: Path) -> None:
    if not output.parent.is_dir():
        raise click.BadParameter(f"{output.parent}: there is no such folder", param_hint="-o")


def _who_and_what(platform: Platform, code: str, label: str, key_id: str) -> tuple[str, str, str]:
    """The ids of community and report, and of the person whose key this is."""
    with platform.database.reading() as session:
        community_id = named_community(session, code).id
        report = _labelled(session, community_id, label)
        return community_id, report.id, signatures.person_of_key(session, key_id)


def _labelled(session: Session, community_id: str, label: str) -> AuditReport:
    parts = LABEL.fullmatch(label)
    if parts is None:
        raise click.BadParameter(f"{label}: a report's number looks like 2026-001", param_hint="--report")
    year, number = (int(part) for part in parts.groups())
    found = session.scalars(
        select(AuditReport).where(
            AuditReport.community_id == community_id,
            AuditReport.year == year,
            AuditReport.number == number,
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found
