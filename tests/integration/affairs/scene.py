"""A community with a desk, handlers, supervisors and an owner, and suggestions in any state."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hoa.accounts import service as accounts
from hoa.affairs.rules.intake import Channel, Said
from hoa.affairs.rules.states import Sorting, State
from hoa.affairs.service import handlers, life, reading
from hoa.affairs.tables import Suggestion
from hoa.app import create_worker
from hoa.demo import people as cast
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from tests.integration.people import a_community

# What nobody outside may ever read.
REPORTER_NAME = "苟举报"
REPORTER_PHONE = "13900000188"
SECRET = "我是 2 单元 901 的住户"
TEXT = f"3 幢 2 单元电梯停了两天，老人上不去。{SECRET}"
TITLE = "3 幢 2 单元电梯停运"
ANSWER = "已更换曳引机，九月三十日恢复运行。"


def said(**changes: Any) -> Said:
    """What a passer-by sends from a poster: unknown in public, with a phone to hear how it stands."""
    values: dict[str, Any] = {
        "category": "lift",
        "text": TEXT,
        "channel": Channel.POSTER,
        "building": "3",
        "entrance": "2",
        "name": REPORTER_NAME,
        "phone": REPORTER_PHONE,
    }
    return Said(**(values | changes))


@dataclass(frozen=True)
class Scene:
    """`people`: the cast's keys (chair, clerk for the residents' committee, supervisor_chair, manager, officer, …) and
    `owner`, `lift_contact`. `handlers`: `property` (an office) and `lift` (an outside unit).
    """

    platform: Platform
    community: str
    people: Mapping[str, str]
    handlers: Mapping[str, str]

    @property
    def desk(self) -> str:
        return self.people["clerk"]

    def now(self) -> datetime:
        return self.platform.now()

    def pass_days(self, days: float) -> None:
        """Move the clock."""
        clock = self.platform.clock
        assert isinstance(clock, FrozenClock)
        clock.advance(days=days)

    def receive(self, *, by: str | None = None, **changes: Any) -> str:
        """The id of a new suggestion."""
        with self.platform.database.writing() as session:
            row = life.receive(session, self.platform.keys, self.community, said(**changes), now=self.now(), by=by)
            return row.id

    def act(self, verb: str, suggestion_id: str, **more: Any) -> Suggestion:
        """One verb of `life` on a suggestion, now; `by` may be a key of the people."""
        if more.get("by") in self.people:
            more["by"] = self.people[more["by"]]
        with self.platform.database.writing() as session:
            row = getattr(life, verb)(session, self.community, suggestion_id, **more, now=self.now())
            session.expunge_all()
            return row

    def assign(self, suggestion_id: str, *, handler: str = "property", **changes: Any) -> Suggestion:
        values = {
            "title": TITLE,
            "sorting": Sorting.UNDERTAKEN,
            "handler_id": self.handlers[handler],
            "by": self.desk,
        }
        return self.act("assign", suggestion_id, **(values | changes))

    def handle(self, verb: str, suggestion_id: str, **more: Any) -> Suggestion:
        """A verb of the handler to which it was given."""
        handler_id = self.row(suggestion_id).handler_id
        inverse = {value: key for key, value in self.handlers.items()}
        by = self.people["manager" if inverse[str(handler_id)] == "property" else "lift_contact"]
        return self.act(verb, suggestion_id, handler_id=handler_id, by=by, **more)

    def suggestion(self, state: State = State.RECEIVED, **changes: Any) -> str:
        """The id of a new suggestion brought into `state`."""
        made = self.receive(**changes)
        if state is State.RECEIVED:
            return made
        if state is State.REFUSED:
            self.act("refuse", made, reason="不属于本小区", by=self.desk)
        elif state is State.WITHDRAWN:
            self.act("withdraw", made, reason="已经自己解决")
        elif state is State.MERGED:
            self.act("merge", made, into_id=self.receive(phone=None, name=""), by=self.desk)
        else:
            self._handled(made, state)
        return made

    def _handled(self, made: str, state: State) -> None:
        self.assign(made)
        if state is State.PAUSED:
            self.handle("pause", made, reason="等配件到货")
        if state not in (State.ANSWERED, State.RATED, State.PUBLISHED):
            return
        self.handle("answer", made, text=ANSWER)
        if state in (State.RATED, State.PUBLISHED):
            self.act("rate", made, stars=5, text="修好了，谢谢", via="link")
        if state is State.PUBLISHED:
            self.act("publish", made, public_text="电梯停运，老人出行不便。", public_answer=ANSWER, by=self.desk)

    def run_jobs(self) -> None:
        """Everything that waits in the background."""
        worker = create_worker(self.platform)
        while worker.run_one():
            pass

    def sent(self) -> list[dict[str, Any]]:
        """Every text message that went out: phone, template, text, params."""
        path = self.platform.settings.data / "sms.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def row(self, suggestion_id: str) -> Suggestion:
        with self.platform.database.reading() as session:
            return reading.find(session, self.community, suggestion_id)


def open_scene(platform: Platform) -> Scene:
    """The demo's cast in a new community, an owner's account and two handlers."""
    community = a_community(platform)
    since = cast.TERM[0]
    people = dict(cast.settle(platform, community, now=since))
    with platform.database.writing() as session:
        owner = accounts.person_for_phone(session, platform.keys, phone="13900000199", name="业大妈", now=since)
        people["owner"] = owner.id
        office = handlers.add_office(
            session, community, body="property_manager", by=people["clerk"], now=since + timedelta(days=1)
        )
        outside = handlers.add_outside(
            session,
            platform.keys,
            community,
            name="渝升电梯维保",
            contact="升大修",
            phone="13900000177",
            by=people["clerk"],
            now=since + timedelta(days=1),
        )
        people["lift_contact"] = str(outside.person_id)
        return Scene(platform, community, people, {"property": office.id, "lift": outside.id})
