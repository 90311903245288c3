"""`hoa witness …`: keep a key and watch an assembly's log from another machine; needs no database."""

import time
from datetime import datetime
from pathlib import Path

import click

from hoa.kernel.clock import CHINA, stamp
from hoa.kernel.errors import Refusal
from voting import witness as client

LOOK_SECONDS = 300


@click.group()
def witness() -> None:
    """Be a witness of an assembly's log: `new-key` once, then `watch`. Runs anywhere, needs no database."""


@witness.command("new-key")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def new_key(name: str, file: Path) -> None:
    """Make a key for the witness NAME (ASCII, no space, e.g. juweihui.example) in FILE, and print what the notice must
    list."""
    key = client.new_key(name, file)
    click.echo(key.verifier.text)
    click.echo(f"{file} holds the private key: keep it to yourself. The line above goes into the notice.", err=True)


@witness.command("watch")
@click.argument("url")
@click.option("--key", "key_file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--state", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where to remember.")
@click.option("--assembly", metavar="HASH", help="The 64 digits of the printed notice: sign for nothing else.")
@click.option("--once", is_flag=True, help="Look once and stop.")
@click.option("--every", "seconds", default=LOOK_SECONDS, show_default=True, help="Seconds between two looks.")
def watch(url: str, key_file: Path, state: Path, assembly: str | None, once: bool, seconds: int) -> None:
    """Cosign the heads of the assembly whose page is URL, each only if it continues the one before.

    Exit status: 0 seen and cosigned, 1 could not look, 3 FORK.
    """
    watcher = client.Watcher(url, client.read_key(key_file), state, assembly=assembly)
    while True:
        try:
            seen = watcher.look(int(time.time()))
        except client.Fork as fork:
            click.echo(str(fork), err=True)
            raise SystemExit(3) from None
        except Refusal as refusal:
            if once:
                raise
            click.echo(str(refusal), err=True)
        else:
            word = "cosigned" if seen.cosigned else "unchanged"
            click.echo(f"{stamp(datetime.now(CHINA))}  size {seen.size}  {word}  {seen.answer}".rstrip())
            if once:
                if seen.answer:
                    raise SystemExit(1)
                return
        time.sleep(seconds)
