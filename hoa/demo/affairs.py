"""The demo's 码上提: sixty suggestions, from the first scan to the published answer, each at its own moment.

What was said stands in `data/suggestions.csv`, what became of it in `data/suggestion-steps.csv`, one step a row; here
is who acts and through which service. The days fit the working calendar: at the demo's start four are overdue.
"""

import csv
import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from importlib import resources
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hoa.affairs.rules import figures
from hoa.affairs.rules.intake import Channel, Said
from hoa.affairs.service import announcing, handlers, life, messages, months, places, reading, watching
from hoa.demo import topics
from hoa.demo.affairs_acts import ACTS, Act, Row, Scene
from hoa.demo.people import ROLES
from hoa.jobs import Job, Run
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.platform import Platform

BEGUN = datetime(2025, 9, 1, 9, 0, tzinfo=CHINA)
OFFICES = {
    "property": "property_manager",
    "committee": "owners_committee",
    "residents": "residents_committee",
    "street": "street_office",
}
# Units from outside, each with the person of the cast who answers for it.
OUTSIDE = {"lift": ("安行电梯维保公司", "lift_unit"), "fire": ("翀达消防", "fire_unit")}
# Eight places with a poster: key, name, building, entrance, floor.
PLACES: Sequence[tuple[str, str, str, str, int | None]] = (
    ("gate", "北门岗亭", "", "", None),
    ("garden", "中心花园", "", "", None),
    ("garage", "地下车库入口", "", "", None),
    ("bins", "商业垃圾分类点", "商业", "", None),
    ("lobby1", "1栋大堂", "1栋", "1单元", None),
    ("lift2", "2栋电梯厅", "2栋", "", None),
    ("lobby3", "3栋2单元大堂", "3栋", "2单元", None),
    ("lobby5", "5栋大堂", "5栋", "1单元", None),
)
# The suggestion that became a topic: where to charge electric bicycles.
DISCUSSED = "c13"
# When a month was reported, and which.
REPORTED = (datetime(2026, 10, 9, 10, 0, tzinfo=CHINA), "2026-09")
LOGGED_SINCE = datetime(2026, 10, 12, tzinfo=CHINA)
SENDS = {messages.JOB: messages.send, "suggestions.announce": announcing.announce}
# The mornings on which the periodic work found something to remind of, to escalate or to end.
MORNINGS = (
    date(2026, 2, 9),
    date(2026, 2, 11),
    date(2026, 6, 1),
    date(2026, 8, 14),
    date(2026, 8, 18),
    date(2026, 9, 23),
    date(2026, 9, 28),
    date(2026, 9, 30),
    date(2026, 10, 8),
    date(2026, 10, 10),
    date(2026, 10, 13),
    date(2026, 10, 14),
    date(2026, 10, 16),
    date(2026, 10, 19),
    date(2026, 10, 20),
)


class Event(NamedTuple):
    """Something at a moment; `row` is a line of a table, None for the periodic work of a morning."""

    at: datetime
    order: int
    do: Act | None
    row: Row


class Nobody:
    """The messages of the past went to numbers that nobody has: they are logged as sent and go nowhere."""

    def send(self, phone: str, text: str, *, template: str = "notice", params: Mapping[str, str] | None = None) -> None:
        """Nothing leaves the machine."""


def build(platform: Platform, community_id: str, cast: Mapping[str, str]) -> None:
    """Let all of it happen, in the order in which it did."""
    clock = FrozenClock(BEGUN)
    then = dataclasses.replace(platform, clock=clock, sms=Nobody())
    scene = Scene(platform=then, community_id=community_id, cast=cast)
    with then.database.writing() as session:
        _settle(scene, session)
    for periodic, events in groupby(_events(), key=lambda event: event.do is None):
        if periodic:
            for event in events:
                clock.moment = event.at
                watching.tick(then)
        else:
            with then.database.writing() as session:
                for event in events:
                    clock.moment = event.at
                    assert event.do is not None
                    event.do(scene, session, event.row, event.at)
        _send(then, clock, community_id)
    with then.database.reading() as session:
        label = reading.find(session, community_id, scene.made[DISCUSSED]).label
    topics.build(then, community_id, cast, label=label)
    _send(then, clock, community_id)


def _send(platform: Platform, clock: FrozenClock, community_id: str) -> None:
    """What the worker did with the messages: the latest are logged, older ones were tidied away. None waits for the
    demo's first start, which would send them all at once.
    """
    waiting = (Job.state == "waiting", Job.community_id == community_id, Job.kind.in_(SENDS))
    with platform.database.writing() as session:
        session.execute(delete(Job).where(*waiting, Job.asked_at < LOGGED_SINCE))
        jobs = session.scalars(select(Job).where(*waiting).order_by(Job.asked_at, Job.id)).all()
    for job in jobs:
        clock.moment = job.asked_at
        result = SENDS[job.kind](Run(platform, job))
        with platform.database.writing() as session:
            done = {"state": "done", "result": result, "ended_at": clock.now()}
            session.execute(update(Job).where(Job.id == job.id).values(**done))


def table(name: str) -> Sequence[Row]:
    """The rows of one of the tables in `data/`."""
    text = resources.files("hoa.demo").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _events() -> list[Event]:
    said = [Event(_moment(row["received"]), 1, _receive, row) for row in table("suggestions")]
    done = [Event(_moment(row["at"]), 2, ACTS[row["action"]], row) for row in table("suggestion-steps")]
    reported = Event(REPORTED[0], 3, _report, {})
    mornings = [Event(datetime.combine(day, time(9, 30), CHINA), 0, None, {}) for day in MORNINGS]
    return sorted([*said, *done, reported, *mornings], key=lambda event: (event.at, event.order))


def _report(scene: Scene, session: Session, _row: Row, now: datetime) -> None:
    months.publish(session, scene.community_id, figures.period(REPORTED[1]), by=scene.cast["secretary"], now=now)


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)


def _settle(scene: Scene, session: Session) -> None:
    """Who handles, and where the posters hang."""
    by, community_id = scene.cast["clerk"], scene.community_id
    for key, body in OFFICES.items():
        scene.units[key] = handlers.add_office(session, community_id, body=body, by=by, now=BEGUN).id
    people = {role.key: role for role in ROLES}
    for key, (name, contact) in OUTSIDE.items():
        scene.units[key] = handlers.add_outside(
            session,
            scene.platform.keys,
            community_id,
            name=name,
            contact=people[contact].name,
            phone=people[contact].phone,
            by=by,
            now=BEGUN,
        ).id
    for key, name, building, entrance, floor in PLACES:
        scene.spots[key] = places.add(
            session, community_id, name=name, building=building, entrance=entrance, floor=floor, by=by, now=BEGUN
        ).id


# ------------------------------------------------------------------------------------------------- what was said


def _receive(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    channel = Channel(row["channel"])
    by_staff = channel in (Channel.PHONE, Channel.VISIT, Channel.GROUP, Channel.BOX)
    *name, last = row["reporter"].split(" ")
    known = scene.cast.get(last)
    said = Said(
        category=row["category"],
        text=row["text"],
        channel=channel,
        building=row["building"],
        entrance=row["entrance"],
        floor=int(row["floor"]) if row["floor"] else None,
        spot=row["spot"],
        place_id=scene.spots.get(row["place"]),
        reporter_id=known,
        name="".join(name),
        phone=last if last and known is None else None,
        may_call=row["may_call"] == "yes",
    )
    made = life.receive(
        session,
        scene.platform.keys,
        scene.community_id,
        said,
        now=now,
        by=scene.cast["clerk"] if by_staff else None,
    )
    scene.made[row["no"]], scene.said[row["no"]] = made.id, row
