"""One value with everything that a request, a task and a command share: settings, database, clock and ports."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hoa.config import Settings
from hoa.db import Database
from hoa.kernel.clock import CHINA, Clock, ShiftedClock, SystemClock, parse_stamp, stamp
from hoa.ports.files import Files, LocalFiles
from hoa.ports.keys import Keys, LocalKeys
from hoa.ports.mail import Mail, open_mail
from hoa.ports.remote_files import open_remote
from hoa.ports.sms import Sms, open_sms

DEMO_START = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A running deployment. Holds no state of its own: another process with the same settings is the same platform."""

    settings: Settings
    database: Database
    clock: Clock
    keys: Keys
    files: Files
    sms: Sms
    mail: Mail

    def now(self) -> datetime:
        return self.clock.now()


def open_platform(settings: Settings, *, clock: Clock | None = None) -> Platform:
    """Open what the settings name. Creates the data folder (0700) when it is not there; touches no table."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Platform(
        settings=settings,
        database=Database(settings.database_url),
        clock=clock or (_demo_clock(settings.data / "demo-clock.json") if settings.demo else SystemClock()),
        keys=LocalKeys(settings.data / "keys"),
        files=open_remote(settings) if settings.files else LocalFiles(settings.data / "files"),
        sms=open_sms(settings),
        mail=open_mail(settings),
    )


def _demo_clock(path: Path) -> Clock:
    """The demo begins on 2026-10-20 at its first start and runs on from there, across restarts."""
    if not path.exists():
        path.write_text(json.dumps({"since": stamp(datetime.now(CHINA))}), encoding="utf-8")
    since = parse_stamp(json.loads(path.read_text(encoding="utf-8"))["since"])
    return ShiftedClock(start=DEMO_START, since=since)
