"""Paper in the demo's open assembly: one building has sheets, most are delivered, a few came back and are being keyed.

Everything goes through the services and is signed with the demo's keys, so that sheets, log and ledger are real ones.
"""

import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy.orm import Session

from hoa.demo.signing_keys import DemoKey
from hoa.kernel import signing
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from hoa.ports import uploads
from voting.rules.paper import read_keying
from voting.service import deliveries, keying, proposals, scans, sheets
from voting.tables import Assembly

CLERKS = ("clerk", "second_clerk")
NOTE = "楼长陪同，业主签收回执联"
# Of a building's sheets so many in ten are delivered.
DELIVERED_OF_TEN = 7
MARKS = {"agree": 0, "oppose": 1, "abstain": 2}

Marks = Mapping[str, str]


def hand_out(
    platform: Platform, assembly: Assembly, people: Mapping[str, str], clock: FrozenClock, *, without: Collection[str]
) -> list[str]:
    """Sheets for the first building, issued by one clerk and mostly delivered; their electors."""
    with platform.database.reading() as session:
        building = sheets.buildings(session, assembly)[0].building_id
    electors = issue(platform, assembly, people, clock, building, without=without)
    clock.moment += timedelta(hours=5)
    with platform.database.writing() as session:
        here = session.get_one(Assembly, (assembly.community_id, assembly.id))
        rows = deliveries.record_some(
            session,
            platform.keys,
            here,
            electors[: len(electors) * DELIVERED_OF_TEN // 10],
            method="in-person",
            delivered=clock.now(),
            note=NOTE,
            by=people[CLERKS[1]],
            now=clock.now(),
        )
        for row in rows:
            _sign(session, platform, here, people, row.id, clock, CLERKS[1:])
    return electors


def issue(
    platform: Platform,
    assembly: Assembly,
    people: Mapping[str, str],
    clock: FrozenClock,
    building: str,
    *,
    without: Collection[str] = (),
) -> list[str]:
    """Live sheets for a building's electors, each signed by one clerk; the electors."""
    with platform.database.writing() as session:
        here = session.get_one(Assembly, (assembly.community_id, assembly.id))
        electors = [one for one in sheets.wanting(session, here, building_id=building) if one not in without]
        by, now = people[CLERKS[0]], clock.now()
        for sheet in sheets.prepare(session, platform.keys, here, electors, by=by, now=now):
            _sign(session, platform, here, people, sheet.id, clock, CLERKS[:1])
    return electors


def take_back(
    platform: Platform,
    assembly: Assembly,
    people: Mapping[str, str],
    clock: FrozenClock,
    *,
    voter: str,
    marks: Marks,
    others: Sequence[str],
) -> None:
    """Four sheets came back: one is in the log, one waits for its second clerk, one was read differently, one was only
    scanned. The three `others` have not voted in any other way."""
    once, differs, scanned = others
    opposed = dict.fromkeys(marks, "oppose")
    _scan(platform, assembly, people, clock, {voter: marks, once: marks, differs: opposed, scanned: marks})
    readings = ((voter, CLERKS, (marks, marks)), (once, CLERKS[:1], (marks,)), (differs, CLERKS, (opposed, marks)))
    with platform.database.writing() as session:
        here = session.get_one(Assembly, (assembly.community_id, assembly.id))
        for elector, clerks, read in readings:
            serial = _serial(session, here, elector)
            for clerk, reading in zip(clerks, read, strict=True):
                official = proposals.official(session, here, people[clerk])
                whole = read_keying(tuple(marks), reading, ())
                keying.key_in(session, platform.keys, here, serial, official=official, reading=whole, now=clock.now())
        sheet = sheets.find(session, here, _serial(session, here, voter))
        _sign(session, platform, here, people, keying.subject(sheet), clock, CLERKS)


def _serial(session: Session, assembly: Assembly, elector: str) -> str:
    return next(sheet.serial for sheet in sheets.of(session, assembly) if sheet.elector == elector)


def _sign(
    session: Session,
    platform: Platform,
    assembly: Assembly,
    people: Mapping[str, str],
    subject: str,
    clock: FrozenClock,
    clerks: Iterable[str],
) -> None:
    for clerk in clerks:
        for proposal in proposals.about(session, assembly, subject):
            if proposal.state == proposals.WAITING:
                message = signing.message("entry", proposals.opened(platform.keys, proposal))
                proposals.sign(
                    session,
                    platform.keys,
                    assembly.community_id,
                    assembly.id,
                    proposal.id,
                    person_id=people[clerk],
                    signature=DemoKey(clerk).sign(message),
                    now=clock.now(),
                )


def _scan(
    platform: Platform, assembly: Assembly, people: Mapping[str, str], clock: FrozenClock, read: Mapping[str, Marks]
) -> None:
    with platform.database.reading() as session:
        serials = {elector: _serial(session, assembly, elector) for elector in read}
    kept = {
        serial: scans.keep(
            platform.keys, platform.files, assembly, uploads.checked(picture(serial, read[elector]), f"{serial}.png")
        )
        for elector, serial in serials.items()
    }
    with platform.database.writing() as session:
        here = session.get_one(Assembly, (assembly.community_id, assembly.id))
        for serial, one in kept.items():
            scans.add(session, here, [one], serial=serial, by=people[CLERKS[0]], now=clock.now())


def picture(serial: str, marks: Marks) -> bytes:
    """What a scanner makes of a sheet: the serial, and a row of three boxes for each motion with one ticked."""
    page = Image.new("L", (620, 877), 250)
    draw = ImageDraw.Draw(page)
    draw.text((380, 40), serial, fill=20, font=ImageFont.load_default(size=34))
    for place, (motion, mark) in enumerate(marks.items(), 1):
        top = 120 + 150 * place
        draw.text((60, top), f"{place}. {motion}", fill=20, font=ImageFont.load_default(size=28))
        for box in range(len(MARKS)):
            left = 60 + 180 * box
            draw.rectangle((left, top + 50, left + 44, top + 94), outline=20, width=3)
            if MARKS.get(mark) == box:
                draw.line((left + 6, top + 70, left + 20, top + 90, left + 52, top + 38), fill=40, width=6)
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()
