"""`hoa books`: the ledger as a file, and a bank statement from a file."""

import json
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from finance.papers.commands import archive, verify_archive
from finance.rules import opening as opening_rules
from finance.rules.bank import ColumnsUnknown
from finance.rules.charts import TRUST, WORK, load_chart
from finance.rules.fund import old
from finance.rules.periods import first_day, last_day, parse_month
from finance.rules.years import first_of, last_of, parse_year
from finance.service import bank, export, fund_statements, opening, statement_files
from finance.service.books import plain_number
from finance.shares.commands import apportion_command
from hoa.community.service import named_community
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE_TREASURER
from hoa.offices.service import roster
from hoa.platform import Platform

DAY = click.DateTime(formats=["%Y-%m-%d"])


class NoSuchAccount(Refusal):
    message = N_("账号 %(number)s 没有登记，或者不止一个账户符合；已登记的：%(registered)s")


class LayoutUnknown(Refusal):
    message = N_("没有认出这家银行的列：请先在网页的“导入银行流水”里指一次各列，以后这里也认得")


class NoTreasurer(Refusal):
    message = N_("本小区今天没有财务委员，请先任命，流水以其名义导入")


@click.group()
def books() -> None:
    """The books of the common revenue."""


books.add_command(archive)
books.add_command(apportion_command)
books.add_command(verify_archive)


@books.command(name="export")
@click.option("--community", "code", required=True, metavar="CODE", help="The community's code, such as WTY.")
@click.option("--book", type=click.Choice((TRUST, WORK)), default=TRUST, show_default=True, help="Which fund.")
@click.option("--format", "format_", required=True, type=click.Choice(export.FORMATS))
@click.option("--from", "start", required=True, type=DAY, metavar="DATE", help="First day, 2026-01-01.")
@click.option("--to", "end", required=True, type=DAY, metavar="DATE", help="Last day, 2026-09-30.")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export_command(
    platform: Platform, code: str, book: str, format_: str, start: datetime, end: datetime, output: Path
) -> None:
    """Write the posted ledger of a period to a file."""
    with platform.database.reading() as session:
        community = named_community(session, code)
        data = export.export(session, community.id, format=format_, start=start.date(), end=end.date(), book=book)
    output.write_bytes(data)
    click.echo(f"{output}: {len(data)} bytes")


@books.command()
@click.option("--community", "code", required=True, metavar="CODE", help="The community's code, such as WTY.")
@click.option("--month", type=parse_month, metavar="MONTH", help="A month, 2026-09.")
@click.option("--year", type=parse_year, metavar="YEAR", help="A year, 2026.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
@click.pass_obj
def statement(platform: Platform, code: str, month: int | None, year: int | None, as_json: bool) -> None:
    """Print the balance sheet, the activities and the cash flows of a month or a year, checked against each other."""
    if (month is None) == (year is None):
        raise click.UsageError("say either --month or --year")
    start, end = (first_day(month), last_day(month)) if month else (first_of(year or 0), last_of(year or 0))
    with platform.database.reading() as session:
        community = named_community(session, code)
        built = fund_statements.build(session, community.id, start=start, end=end)
    content = fund_statements.content(built)
    if as_json:
        click.echo(json.dumps(content, ensure_ascii=False))
        return
    click.echo(statement_files.as_text(content))


@books.command(name="import-bank")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--community", "code", required=True, metavar="CODE", help="The community's code, such as WTY.")
@click.option(
    "--account", "number", metavar="NUMBER", help="The account (or its last digits) where the file names none."
)
@click.option("--dry-run", is_flag=True, help="Say what would be imported and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
@click.pass_obj
def import_bank(platform: Platform, file: Path, code: str, number: str | None, dry_run: bool, as_json: bool) -> None:
    """Import a bank's statement (CSV or XLSX). The same file again changes nothing."""
    data = file.read_bytes()
    database = platform.database
    try:
        with database.reading() if dry_run else database.writing() as session:
            community = named_community(session, code)
            account_id = _account_named(session, community.id, number) if number is not None else None
            if dry_run:
                found = bank.preview(session, community.id, data=data, account_id=account_id)
            else:
                now = platform.now()
                by = _treasurer(session, community.id, now)
                found = bank.import_statement(
                    session, community.id, account_id=account_id, name=file.name, data=data, by=by, now=now
                )
            _say(found, as_json=as_json, imported=not dry_run)
    except ColumnsUnknown:
        raise LayoutUnknown from None


def _account_named(session: Session, community_id: str, number: str) -> str:
    """The account with this number or these last digits."""
    digits = plain_number(number)
    accounts = bank.accounts_of(session, community_id)
    fitting = [row.id for row in accounts if digits and row.account_no.endswith(digits)]
    if len(fitting) != 1:
        raise NoSuchAccount(number=number, registered="、".join(row.account_no for row in accounts) or "—")
    return fitting[0]


@books.command(name="old-sheet")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
def old_sheet(file: Path, output: Path) -> None:
    """Turn a balance sheet of the standard of 2004 (CSV: line number, amount) into opening balances of the work fund.

    The sums on the sheet must agree with its lines. The file that is written is what `import-opening` and the page for
    opening balances read.
    """
    written = old.parse(file.read_text(encoding="utf-8"))
    text = old.as_trial_balance(written, load_chart("2024"))
    output.write_text(text, encoding="utf-8-sig", newline="")
    click.echo(f"{output}: {text.count(chr(10)) - 1} accounts")


@books.command(name="import-opening")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--community", "code", required=True, metavar="CODE", help="The community's code, such as WTY.")
@click.option("--book", "fund", required=True, type=click.Choice([TRUST, WORK]), help="Whose balances to take.")
@click.option("--regime", required=True, type=click.Choice(opening_rules.REGIMES), help="The accounts the file uses.")
@click.option(
    "--meaning",
    "meanings",
    multiple=True,
    metavar="CODE=REGIME",
    help="Which regime's account a code with two meanings is, such as 1701=2004.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be brought in and change nothing.")
@click.pass_obj
def import_opening(
    platform: Platform, file: Path, code: str, fund: str, regime: str, meanings: tuple[str, ...], dry_run: bool
) -> None:
    """Write the opening voucher of a book from a trial balance (XLSX or CSV)."""
    rows = opening.rows_from_file(file.read_bytes())
    said = dict(answer.split("=", 1) for answer in meanings if "=" in answer)
    reading = opening_rules.read(rows, regime=regime, fund=fund, meanings=said)
    for problem in reading.problems:
        click.echo(f"row {problem.row}: {problem.refusal}", err=True)
    for each in reading.brought:
        amount = money.show(each.debit_fen or each.credit_fen)
        click.echo(f"{each.row.code} -> {each.account.code} {'Dr' if each.debit_fen else 'Cr'} {amount}")
    if reading.problems:
        raise SystemExit(1)
    if dry_run:
        return
    with platform.database.writing() as session:
        community = named_community(session, code)
        now = platform.now()
        voucher = opening.bring_in(
            session,
            community.id,
            fund=fund,
            rows=rows,
            regime=regime,
            meanings=said,
            by=_treasurer(session, community.id, now),
            now=now,
        )
        click.echo(f"draft {voucher.id}")


def _treasurer(session: Session, community_id: str, now: datetime) -> str:
    """Who a command acts for."""
    people = roster(session, community_id, now=now)
    treasurer = next((row.person.id for row in people if row.office.post == COMMITTEE_TREASURER), None)
    if treasurer is None:
        raise NoTreasurer
    return treasurer


def _say(found: bank.Preview, *, as_json: bool, imported: bool) -> None:
    totals = {
        "rows": len(found.file.rows),
        "in_fen": found.file.in_fen,
        "out_fen": found.file.out_fen,
        "opening_fen": found.file.opening_fen,
        "closing_fen": found.file.closing_fen,
        "new": len(found.fresh),
        "imported": imported,
        "account": found.account.account_no,
    }
    if as_json:
        click.echo(json.dumps(totals))
        return
    click.echo(
        f"{totals['rows']} rows, in {money.show(found.file.in_fen)}, out {money.show(found.file.out_fen)}, "
        f"balance {money.show(found.file.closing_fen)}; {totals['new']} new."
    )
