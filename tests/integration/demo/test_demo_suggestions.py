"""The demo's sixty suggestions: in every state, four of them overdue, told by the services alone, and nobody's name,
number or door in public.
"""

import re
from collections import Counter
from collections.abc import Iterable

from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.affairs.rules.intake import CATEGORIES, Channel
from hoa.affairs.rules.states import Sorting, State
from hoa.affairs.service import handlers, integrity, letters, photos, places, reading
from hoa.affairs.tables import Check, Cluster, Message, Rating, Suggestion
from hoa.app import create_app
from hoa.community.service import find_community
from hoa.demo.affairs import table
from hoa.jobs import Job
from hoa.kernel.clock import today
from hoa.platform import Platform
from hoa.topics.service.reading import comments, meetings
from hoa.topics.tables import Topic

STATES = {
    State.RECEIVED: 3,
    State.ASSIGNED: 7,
    State.PAUSED: 2,
    State.ANSWERED: 3,
    State.RATED: 3,
    State.PUBLISHED: 32,
    State.MERGED: 5,
    State.REFUSED: 3,
    State.WITHDRAWN: 2,
}
OVERDUE = {
    "2栋1单元电梯再次停运": (15, 3),
    "充电车位被油车占用": (5, 3),
    "儿童乐园滑梯扶手松动": (3, 2),
    "3栋1单元烟感反复误报": (1, 1),
}


def test_sixty_suggestions_stand_in_every_state_and_four_are_overdue(demo_platform: Platform):
    day = today(demo_platform.now())
    with demo_platform.database.reading() as session:
        here = find_community(session, "WTY").id
        rows = reading.listed(session, here, limit=None)
        assert Counter(State(row.state) for row in rows) == STATES
        assert sum(STATES.values()) == 60
        assert {row.channel for row in rows} == {channel.value for channel in Channel}
        assert {row.category for row in rows} == set(CATEGORIES)
        assert {row.sorting for row in rows} == {"", *(sorting.value for sorting in Sorting)}
        assert {row.profile for row in rows} == {"", "ten", "13710"}
        late = reading.listed(session, here, overdue_on=day, limit=None)
        assert {row.title: (reading.standing(row, day).overdue, row.level) for row in late} == OVERDUE
        assert sum(len(letters.letters(session, row)) for row in late) == 3
        assert Counter(row.round for row in rows)[2] == 3, "three were reopened"
        assert len([row for row in rows if row.merged_into_id]) == 5
        assert len(places.places(session, here)) == 8
        outside = [unit for unit in handlers.handlers(session, here) if not unit.body]
        assert len(outside) == 2
        assert all(not row.provisional for row in rows), "2026 is announced"


def test_around_them_stand_ratings_checks_pictures_a_common_problem_and_a_topic(demo_platform: Platform):
    with demo_platform.database.reading() as session:
        here = find_community(session, "WTY").id
        assert len(session.scalars(select(Rating)).all()) == 37
        assert Counter(session.scalars(select(Check.kind))) == {"site": 3, "call": 1}
        rows = reading.listed(session, here, limit=None)
        phases = [{photo.phase for photo in photos.photos(session, row, cleared=True)} for row in rows]
        assert phases.count({"before", "after"}) == 9
        (cluster,) = session.scalars(select(Cluster)).all()
        assert cluster.raised_to == "street_office"
        assert len([row for row in rows if row.cluster_id == cluster.id]) == 3
        (topic,) = session.scalars(select(Topic)).all()
        assert topic.outcome == "motion"
        assert len(comments(session, topic)) == 9
        (meeting,) = meetings(session, topic)
        assert len(meeting.present) == 6
        assert set(session.scalars(select(Message.outcome))) == {"sent", "unreachable"}
        waiting = select(Job.id).where(Job.state == "waiting", Job.kind == "affairs.message")
        assert session.scalars(waiting).first() is None, "the first start sends nobody the messages of a year"
        assert integrity.verify_all(demo_platform, session, here) == []


def test_no_public_page_names_a_reporter_or_quotes_what_was_not_published(demo_platform: Platform):
    client = create_app(demo_platform).test_client()
    with demo_platform.database.reading() as session:
        here = find_community(session, "WTY").id
        rows = {row.label: row for row in reading.listed(session, here, limit=None)}
    pages = _reached(client, [f"/c/WTY/suggestions/{label}" for label in rows])
    assert {f"/c/WTY/suggestions/{label}" for label in rows} <= set(pages)
    assert len(pages) > len(rows) + 5
    secret = _secrets(rows.values())
    assert len(secret) > 60
    found = {(page, words) for page, text in pages.items() for words in secret if words in text}
    assert found == set()


def _secrets(rows: Iterable[Suggestion]) -> set[str]:
    """Numbers, names and doors of the table, and the words of whatever was not published."""
    secret = {"1402", "1605"}
    private = {row.text for row in rows if row.published_at is None}
    for line in table("suggestions"):
        *name, phone = line["reporter"].split(" ")
        secret |= {word for word in (*name, phone) if (word and not word.isascii()) or word.isdigit()}
        if line["text"] in private:
            secret.add(line["text"])
    return secret


def _reached(client: FlaskClient, starts: list[str]) -> dict[str, str]:
    """The public pages of suggestions and topics by their links, with what they say."""
    pages: dict[str, str] = {}
    waiting = ["/c/WTY/suggestions/", "/c/WTY/topics/", *starts]
    while waiting:
        address = waiting.pop()
        if address in pages:
            continue
        answer = client.get(address)
        assert answer.status_code == 200, address
        is_text = (answer.mimetype or "").startswith(("text/", "application/atom", "application/json"))
        pages[address] = answer.get_data(as_text=True) if is_text else ""
        waiting += re.findall(r'href="(/c/WTY/(?:suggestions|topics|chain)/[^"?#]*)"', pages[address])
    return pages
