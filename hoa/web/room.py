"""What a room brings to the house. `hoa.app` collects these values; nothing registers itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import click
from flask import Blueprint
from sqlalchemy.orm import Session

from hoa.jobs import Handler, Periodic
from hoa.kernel.posts import Post
from hoa.platform import Platform


@dataclass(frozen=True, kw_only=True)
class NavItem:
    """A door of a community's navigation. `label` is a message id; `power` None means everybody."""

    label: str
    endpoint: str
    power: str | None = None


@dataclass(frozen=True, kw_only=True)
class Need:
    """Something that waits for this person. `title` is already in their language."""

    title: str
    url: str
    due: date | None = None
    urgent: bool = False


@dataclass(frozen=True, kw_only=True)
class Overdue:
    """Something of a community that is past its legal last day, for the street office, whose duty it is to see to it
    (rules.md R2.15). `title` is in the reader's language; `since` is the last day that was missed.
    """

    title: str
    url: str
    since: date


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Something anybody may see on a community's first page, told in the reader's language: an open vote, its result.

    `current` things stand in the title, as what is going on now; the others are listed as what came out.
    """

    title: str
    url: str
    text: str
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class OwnLine:
    """One part of what is mine: which rooms, how it stands in a word (`kind` colours it), a code to read out."""

    title: str
    state: str
    kind: str = "plain"
    code: str = ""
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Own:
    """Something that is mine in a room: my ballots in one assembly. `links` are (label, url)."""

    title: str
    url: str
    text: str
    current: bool
    lines: Sequence[OwnLine]
    links: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who asks what needs them: the person, in one community, with today's powers."""

    community_id: str
    person_id: str
    powers: frozenset[str]
    now: datetime


@dataclass(frozen=True, kw_only=True)
class FileVerdict:
    """What a check of a file found: `lines` are sentences for people, the verdict first."""

    ok: bool
    lines: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Room:
    """Blueprints, powers, tasks, periodic work, navigation, needs, commands and checks of one room.

    `publications` names the kinds of what the room publishes, as message ids.
    `behind` is the door of another room (an endpoint) that a room without a door of its own lies behind.
    `overdue` tells what of a community (its id) is past its last day, for the street officer's start page.
    `own` tells a person what is theirs, what is going on first. `shown` gets the community's id and the time, and may
    tell only what is public. `verify` looks through what the room keeps of one community and returns a sentence for
    each row that was changed behind the platform's back. `file_checks` maps a file name's ending (".zip") to the check
    of such a file.
    """

    name: str
    blueprints: Sequence[Blueprint] = ()
    powers: Mapping[str, frozenset[Post]] = field(default_factory=dict)
    tasks: Mapping[str, Handler] = field(default_factory=dict)
    periodic: Sequence[Periodic] = ()
    nav: Sequence[NavItem] = ()
    behind: str | None = None
    needs: Callable[[Session, Asker], Sequence[Need]] | None = None
    overdue: Callable[[Session, str, datetime], Sequence[Overdue]] | None = None
    shown: Callable[[Session, str, datetime], Sequence[Shown]] | None = None
    own: Callable[[Session, Asker], Sequence[Own]] | None = None
    publications: Mapping[str, str] = field(default_factory=dict)
    commands: Sequence[click.Group] = ()
    verify: Callable[[Platform, Session, str], Sequence[str]] | None = None
    file_checks: Mapping[str, Callable[[Platform, bytes], FileVerdict]] = field(default_factory=dict)
