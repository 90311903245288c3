"""Ballot sheets as PDFs, a building at a time; sealed at rest, because serials and flats stand together on them.

Only issued sheets are printed: a sheet that nobody signed for would be paper that the log knows nothing about, and
could not be told from a forged one.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.service import get_community
from hoa.kernel import canonical
from hoa.kernel.clock import parse_stamp, stamp
from hoa.kernel.errors import N_, Refusal
from hoa.platform import Platform
from hoa.web.paper import render_paper
from hoa.web.pdf import render_parts
from voting.rules.screens import screens
from voting.service import packages, sheets
from voting.service.addresses import path
from voting.service.keys import place
from voting.tables import Assembly, AssemblyFile, Motion, PaperSheet

SEALED = "paper-sheets"
KIND = "paper-sheets"
# Sheets in one child process of the PDF maker: what keeps both processors busy and memory small.
AT_ONCE = 40
SILENT_WARNING = N_(
    "请注意：按本小区议事规则，选票送达后没有交回的，视为同意多数人的意见。这一做法在法律上有争议，结果会同时公布两种算法。"
)

Progress = Callable[[int, int], None]


class NothingToPrint(Refusal):
    message: ClassVar[str] = N_("没有可以打印的选票：先制作，再由一名工作人员签发")
    status: ClassVar[int] = 409


class Printed(NamedTuple):
    """A sheet as the template shows it. `area` in 0.01 m²."""

    serial: str
    replaces: str | None
    address: str
    rooms: str
    area: int


def printable(session: Session, assembly: Assembly, building_id: str) -> list[PaperSheet]:
    """A building's live sheets in the order in which they are carried."""
    found = sheets.of(session, assembly, PaperSheet.building_id == building_id, PaperSheet.replaced_by.is_(None))
    return [sheet for sheet in found if sheet.entry is not None]


def source(assembly: Assembly, found: Sequence[PaperSheet], language: str) -> str:
    """What a PDF was made from: the same sheets in the same language are found again, not printed again."""
    parts = [language, stamp(assembly.ends_at), *(sheet.serial for sheet in found)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def made(session: Session, assembly: Assembly, found: Sequence[PaperSheet], language: str) -> AssemblyFile | None:
    """The PDF of exactly these sheets."""
    return packages.kept(session, assembly, KIND, source(assembly, found, language))


def opened(platform: Platform, assembly: Assembly, kept: AssemblyFile) -> bytes:
    """The PDF out of its envelope."""
    return platform.keys.open(SEALED, platform.files.get(kept.sha256), _place(assembly, kept.source))


def _place(assembly: Assembly, made_from: str) -> bytes:
    return place(assembly.community_id, assembly.id, KIND, made_from)


def values(platform: Platform, session: Session, assembly: Assembly, found: Sequence[PaperSheet]) -> dict[str, Any]:
    """What the template needs, out of the manifest: what is printed is what was noticed."""
    assert assembly.manifest is not None
    assert assembly.manifest_hash is not None
    noticed = canonical.decode(assembly.manifest)
    here = platform.settings.base_url + path(session, assembly)
    roll = sheets.roll_of(session, assembly, {sheet.elector for sheet in found})
    motions = session.scalars(
        select(Motion)
        .where(Motion.community_id == assembly.community_id, Motion.assembly_id == assembly.id)
        .order_by(Motion.position)
    ).all()
    return {
        "community_name": get_community(session, assembly.community_id).name,
        "title": noticed["title"],
        "code": noticed["code"],
        "fingerprint": f"{assembly.manifest_hash[:4]} {assembly.manifest_hash[4:8]} {assembly.manifest_hash[8:12]}",
        "notice_address": f"{here}/notice",
        "closes": assembly.ends_at,
        "warning": SILENT_WARNING if assembly.silent_rule != "none" else None,
        "screens": screens(motions, assembly.elections),
        "sheets": [
            Printed(
                sheet.serial,
                sheet.replaces,
                f"{here}/s/{sheet.serial}",
                "、".join(str(unit["unit"]) for unit in roll[sheet.elector].units),
                roll[sheet.elector].area,
            )
            for sheet in found
        ],
    }


def pages(given: dict[str, Any], *, language: str) -> list[str]:
    """The HTML of the sheets, in parts for the PDF maker."""
    every = given["sheets"]
    return [
        render_paper(
            "voting/sheets_paper.html",
            language=language,
            **{**given, "sheets": every[first : first + AT_ONCE]},
        )
        for first in range(0, len(every), AT_ONCE)
    ]


def as_pdf(given: dict[str, Any], *, language: str, created: datetime) -> bytes:
    """One PDF. Its pages carry serials and no numbers of the stack, because each sheet is handed out by itself."""
    return render_parts(
        pages(given, language=language),
        page_label="",
        created=created,
        title=given["title"],
        language=language,
        variant=None,
    )


def print_building(
    platform: Platform, assembly: Assembly, building_id: str, *, language: str, now: datetime
) -> AssemblyFile:
    """Make a building's PDF if it is not there yet."""
    with platform.database.reading() as session:
        found = printable(session, assembly, building_id)
    return _print(platform, assembly, found, language, now)


def print_sheet(platform: Platform, assembly: Assembly, serial: str, *, language: str, now: datetime) -> AssemblyFile:
    """One sheet by itself, as after a reissue."""
    with platform.database.reading() as session:
        found = [sheets.find_live(session, assembly, serial)]
    return _print(platform, assembly, found, language, now)


def _print(
    platform: Platform, assembly: Assembly, found: Sequence[PaperSheet], language: str, now: datetime
) -> AssemblyFile:
    """Nothing is locked while the PDF is made."""
    if not found:
        raise NothingToPrint
    with platform.database.reading() as session:
        kept = made(session, assembly, found, language)
        if kept is not None:
            return kept
        given = values(platform, session, assembly, found)
    assert assembly.manifest is not None
    created = parse_stamp(canonical.decode(assembly.manifest)["times"]["noticed"])
    data = as_pdf(given, language=language, created=created)
    return _keep(platform, assembly, source(assembly, found, language), data, now)


def _keep(platform: Platform, assembly: Assembly, made_from: str, data: bytes, now: datetime) -> AssemblyFile:
    sealed = platform.keys.seal(SEALED, data, _place(assembly, made_from))
    with platform.database.writing(seconds=30) as session:
        return packages.keep(session, platform.files, assembly, kind=KIND, source=made_from, data=sealed, now=now)


def print_all(
    platform: Platform, assembly: Assembly, building_ids: Sequence[str], *, language: str, progress: Progress
) -> Iterator[AssemblyFile]:
    """The PDFs of several buildings, one after the other; `progress` counts sheets."""
    with platform.database.reading() as session:
        numbers = {one: len(printable(session, assembly, one)) for one in building_ids}
    total, done = sum(numbers.values()), 0
    progress(done, total)
    for building_id, number in numbers.items():
        if number:
            yield print_building(platform, assembly, building_id, language=language, now=platform.now())
        done += number
        progress(done, total)
