"""The `hoa` command. It opens the platform, runs a verb in one transaction and says plainly what came of it."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hoa import backup
from hoa.accounts.service import create_administrator_code
from hoa.app import ROOMS, wire
from hoa.community.tables import Community
from hoa.config import from_environment
from hoa.kernel.errors import Busy, Refusal
from hoa.migrations import runner
from hoa.platform import Platform, open_platform
from hoa.serving import ensure_demo, serve, work
from hoa.web.observing import configure_logs
from hoa.web.room import FileVerdict, Room

# Commands for other people's machines: they work on files of their own, or on none, and open no database.
AWAY = frozenset({"sign", "witness", "workdays"})


class Refusing(click.Group):
    """A refusal is one sentence on standard error and exit status 1, never a trace."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (Refusal, DBAPIError) as error:
            refusal = _explained(ctx.obj, error)
            if refusal is None:
                raise
            click.echo(str(refusal), err=True)
            ctx.exit(1)


def _explained(platform: Platform | None, error: Refusal | DBAPIError) -> Refusal | None:
    """What to say of a failure. On a database without our tables everything fails oddly; the cure is `hoa init`."""
    if platform is not None and isinstance(error, Busy | DBAPIError):
        try:
            runner.demand_current(platform.database)
        except runner.DatabaseBehind as behind:
            return behind
    return error if isinstance(error, Refusal) else None


@click.group(cls=Refusing, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(ctx: click.Context) -> None:
    """Owners' self-governance: assemblies, books and their audit. Settings come from HOA_* variables."""
    if ctx.obj is None and ctx.invoked_subcommand not in AWAY and not {"-h", "--help"} & set(sys.argv[1:]):
        settings = from_environment(os.environ)
        configure_logs(settings.log_level)
        ctx.obj = open_platform(settings)
        wire(ctx.obj)
        if ctx.invoked_subcommand == "register":
            # `register import --create` may be the first thing that a new deployment does.
            runner.upgrade(ctx.obj.database)


@main.command()
@click.pass_obj
def init(platform: Platform) -> None:
    """Bring the database up to date; on a new one, print the code that makes the first administrator."""
    runner.upgrade(platform.database)
    with platform.database.writing() as session:
        code = create_administrator_code(session, now=platform.now())
    if code is None:
        click.echo("The database is up to date. There is an administrator already.")
        return
    click.echo(f"The database is ready. Open {platform.settings.base_url}/setup and enter this code within 24 hours:")
    click.echo(code)


@main.command()
@click.pass_obj
def demo(platform: Platform) -> None:
    """Make the demo community in this deployment's database, unless it is there; needs HOA_DEMO=1."""
    if not platform.settings.demo:
        raise click.UsageError("Set HOA_DEMO=1: the demo's people can be signed in as by anybody.")
    ensure_demo(platform)
    click.echo("The demo community WTY is ready.")


@main.command(name="serve")
@click.pass_obj
def serve_command(platform: Platform) -> None:
    """Serve the pages and do the background work, until Ctrl-C."""
    serve(platform)


@main.command(name="work")
@click.pass_obj
def work_command(platform: Platform) -> None:
    """Do the background work only; `hoa serve` starts one of these by itself."""
    work(platform)


@main.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def verify(platform: Platform, file: Path | None) -> None:
    """Check a package (.zip), a signed report (.pdf), or with no FILE every record of the database."""
    verdict = _verify_file(platform, file) if file else _verify_database(platform)
    for line in verdict.lines:
        click.echo(line)
    if not verdict.ok:
        sys.exit(1)


PASSPHRASE = click.option(
    "--passphrase",
    envvar="HOA_BACKUP_PASSPHRASE",
    prompt=True,
    hide_input=True,
    help="Opens the backup; better from HOA_BACKUP_PASSPHRASE or asked for than on the command line.",
)


@main.command(name="backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@PASSPHRASE
@click.pass_obj
def backup_command(platform: Platform, file: Path, passphrase: str) -> None:
    """Write a sealed copy of database and files to a new FILE, while everything runs. Keys are not in it."""
    count = backup.back_up(platform, file, passphrase=passphrase)
    click.echo(f"{file}: the database and {count} files. Keep a copy of {platform.settings.data / 'keys'} elsewhere.")


@main.command(name="restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@PASSPHRASE
@click.pass_obj
def restore_command(platform: Platform, file: Path, passphrase: str) -> None:
    """Bring a backup back into an empty database and folder. Put the keys back first, and run `hoa verify` after it."""
    count = backup.restore(platform, file, passphrase=passphrase)
    click.echo(f"The database and {count} files are back. Run `hoa verify` now, then `hoa init`.")


def _verify_file(platform: Platform, file: Path) -> FileVerdict:
    checks = {ending: check for room in ROOMS for ending, check in room.file_checks.items()}
    check = checks.get(file.suffix.lower())
    if check is None:
        raise click.BadParameter(f"{file.name}: a file to verify ends in {' or '.join(sorted(checks))}")
    return check(platform, file.read_bytes())


def _verify_database(platform: Platform) -> FileVerdict:
    problems: list[str] = []
    with platform.database.reading() as session:
        communities = session.scalars(select(Community).order_by(Community.code)).all()
        for community in communities:
            for room in ROOMS:
                problems += [
                    f"{community.code}: {line}" for line in _verify_room(platform, session, room, community.id)
                ]
    if problems:
        return FileVerdict(ok=False, lines=problems)
    return FileVerdict(ok=True, lines=[f"{len(communities)} communities verified, nothing was changed."])


def _verify_room(platform: Platform, session: Session, room: Room, community_id: str) -> Sequence[str]:
    """What a room finds; a value that cannot be read at all was changed too, and must not end the check of the rest."""
    if room.verify is None:
        return ()
    try:
        return room.verify(platform, session, community_id)
    except ValueError as error:
        return (f"{room.name}: a row holds a value that cannot be read any more ({type(error).__name__})",)


for room in ROOMS:
    for group in room.commands:
        main.add_command(group)

if __name__ == "__main__":
    main()
