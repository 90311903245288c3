"""What the demo's people do with a suggestion, each act through the verb of the service that it is in life."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from hoa.affairs.rules.clocks import Profile
from hoa.affairs.rules.states import Sorting
from hoa.affairs.service import handling, letters, life, photos, reading
from hoa.affairs.tables import Suggestion
from hoa.demo import pictures
from hoa.platform import Platform

# Who writes for a unit; anybody else in the tables is a person of the cast.
WRITES = {"property": "manager", "residents": "second_clerk", "lift": "lift_unit", "fire": "fire_unit"}
Row = Mapping[str, str]


@dataclass(kw_only=True)
class Scene:
    """What every act needs; `made` is the id of a suggestion by its key in the tables, `said` its line, `answers` the
    latest answer, `clusters` the cluster of the keys in it.
    """

    platform: Platform
    community_id: str
    cast: Mapping[str, str]
    units: dict[str, str] = dataclasses.field(default_factory=dict)
    spots: dict[str, str] = dataclasses.field(default_factory=dict)
    made: dict[str, str] = dataclasses.field(default_factory=dict)
    said: dict[str, Row] = dataclasses.field(default_factory=dict)
    answers: dict[str, str] = dataclasses.field(default_factory=dict)
    clusters: dict[str, str] = dataclasses.field(default_factory=dict)

    def who(self, key: str) -> str:
        return self.cast[WRITES.get(key, key)]


Act = Callable[[Scene, Session, Row, datetime], None]


def _desk(verb: Callable[..., object], *, said: str = "reason") -> Act:
    """A step of the desk's people: a verb of `life` with its words under the name it knows them by."""

    def act(scene: Scene, session: Session, row: Row, now: datetime) -> None:
        verb(
            session,
            scene.community_id,
            scene.made[row["no"]],
            by=scene.who(row["by"]),
            now=now,
            **({said: row["text"]} if said else {}),
        )

    return act


def _unit(verb: Callable[..., object], *, said: str = "reason") -> Act:
    """A step of the unit that handles it."""

    def act(scene: Scene, session: Session, row: Row, now: datetime) -> None:
        found = _of(scene, session, row)
        verb(
            session,
            scene.community_id,
            found.id,
            handler_id=found.handler_id,
            by=scene.who(row["by"]),
            now=now,
            **({said: row["text"]} if said else {}),
        )

    return act


def _of(scene: Scene, session: Session, row: Row) -> Suggestion:
    return reading.find(session, scene.community_id, scene.made[row["no"]])


def _answer_at_once(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    title = scene.said[row["no"]]["title"]
    life.answer_at_once(
        session,
        scene.community_id,
        scene.made[row["no"]],
        title=title,
        text=row["text"],
        by=scene.who(row["by"]),
        now=now,
    )
    scene.answers[row["no"]] = row["text"]


def _assign(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    """`more`: the unit, the class, and the clock where it is not the usual one."""
    unit, sorting, *profile = row["more"].split(" ")
    life.assign(
        session,
        scene.community_id,
        scene.made[row["no"]],
        title=scene.said[row["no"]]["title"],
        sorting=Sorting(sorting),
        handler_id=scene.units[unit],
        profile=Profile(profile[0]) if profile else Profile.TEN,
        reason=row["text"],
        by=scene.who(row["by"]),
        now=now,
    )


def _answer(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    _unit(life.answer, said="text")(scene, session, row, now)
    scene.answers[row["no"]] = row["text"]


def _hand_back(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    """`more`: whose it is."""
    found = _of(scene, session, row)
    assert found.handler_id is not None
    handling.hand_back(
        session,
        found,
        belongs_to=row["more"],
        why=row["text"],
        handler_id=found.handler_id,
        by=scene.who(row["by"]),
        now=now,
    )


def _pause(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    """`more`: the day on which it is expected to go on."""
    found = _of(scene, session, row)
    assert found.handler_id is not None
    handling.pause(
        session,
        found,
        reason=row["text"],
        until=date.fromisoformat(row["more"]),
        handler_id=found.handler_id,
        by=scene.who(row["by"]),
        now=now,
    )


def _rate(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    """`more`: stars, and how the rating came."""
    stars, via = row["more"].split(" ")
    life.rate(
        session,
        scene.community_id,
        scene.made[row["no"]],
        stars=int(stars),
        text=row["text"],
        via=via,
        now=now,
    )


def _reporter(verb: Callable[..., object]) -> Act:
    def act(scene: Scene, session: Session, row: Row, now: datetime) -> None:
        verb(session, scene.community_id, scene.made[row["no"]], reason=row["text"], now=now)

    return act


def _merge(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    life.merge(
        session,
        scene.community_id,
        scene.made[row["no"]],
        into_id=scene.made[row["more"]],
        by=scene.who(row["by"]),
        now=now,
    )


def _check(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    life.check(
        session,
        scene.community_id,
        scene.made[row["no"]],
        kind=row["action"],
        outcome=row["more"],
        text=row["text"],
        by=scene.who(row["by"]),
        now=now,
    )


def _photo(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    """`more`: before or after, and what is drawn."""
    phase, drawing = row["more"].split(" ")
    found = _of(scene, session, row)
    data = pictures.drawn(drawing, after=phase == "after", number=found.number)
    kept = photos.checked(data, f"{phase}.jpg")
    photos.add(session, scene.platform.files, found, [kept], phase=phase, now=now)


def _publish(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    """The desk looks over the words and the pictures, then everybody may see them."""
    found, said, by = _of(scene, session, row), scene.said[row["no"]], scene.who(row["by"])
    for photo in photos.photos(session, found):
        photos.clear(session, scene.community_id, photo.id, by=by, now=now)
    life.publish(
        session,
        scene.community_id,
        found.id,
        public_text=said["public_text"] or said["text"],
        public_answer=scene.answers[row["no"]],
        by=by,
        now=now,
    )


def _letter(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    """`more`: the day by which it asks for an answer."""
    letters.issue(
        session,
        scene.community_id,
        scene.made[row["no"]],
        text=row["text"],
        answer_by=date.fromisoformat(row["more"]),
        by=scene.who(row["by"]),
        now=now,
    )


def _cluster(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    """`no` names all that belong to it, `more` is its title."""
    scene.clusters[row["no"]] = life.make_cluster(
        session,
        scene.community_id,
        [scene.made[no] for no in row["no"].split(" ")],
        title=row["more"],
        text=row["text"],
        by=scene.who(row["by"]),
        now=now,
    ).id


def _raise(scene: Scene, session: Session, row: Row, now: datetime) -> None:
    life.raise_cluster(
        session,
        scene.community_id,
        scene.clusters[row["no"]],
        to=row["more"],
        reason=row["text"],
        by=scene.who(row["by"]),
        now=now,
    )


ACTS: Mapping[str, Act] = {
    "answer_at_once": _answer_at_once,
    "assign": _assign,
    "hand_back": _hand_back,
    "progress": _unit(life.progress, said="text"),
    "pause": _pause,
    "resume": _unit(life.resume, said=""),
    "answer": _answer,
    "rate": _rate,
    "reopen": _reporter(life.reopen),
    "withdraw": _reporter(life.withdraw),
    "merge": _merge,
    "refuse": _desk(life.refuse),
    "call": _check,
    "site": _check,
    "photo": _photo,
    "publish": _publish,
    "letter": _letter,
    "cluster": _cluster,
    "raise": _raise,
}
