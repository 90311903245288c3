"""Publishing is final; objections are answered once, in time, in the open."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hoa.bulletin import service, tasks
from hoa.bulletin.tables import Announcement, Publication
from hoa.jobs import Worker
from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import NotFound
from hoa.platform import Platform
from tests.integration.people import a_community, a_person


def publish(platform: Platform, community: str, by: str) -> Publication:
    with platform.database.writing() as session:
        return service.publish_notice(
            session, community, title="电梯年检", body="11 月 3 日停用两小时。", by=by, now=platform.now()
        )


def object_to(platform: Platform, community: str, publication: str, by: str) -> str:
    with platform.database.writing() as session:
        return service.object_to(
            session, community, publication_id=publication, text="为什么不在夜里？", by=by, now=platform.now()
        ).id


def answer(platform: Platform, community: str, objection: str, by: str) -> None:
    with platform.database.writing() as session:
        service.answer(session, community, objection_id=objection, text="夜里没有检验员。", by=by, now=platform.now())


def test_a_notice_is_frozen_with_the_hash_of_its_words(platform: Platform):
    community, chair = a_community(platform), a_person(platform)
    publication = publish(platform, community, chair)
    words = {"title": "电梯年检", "text": "11 月 3 日停用两小时。"}
    assert publication.content_hash == canonical.digest(words)
    assert publication.display_until == date(2026, 11, 4)


@pytest.mark.parametrize("sql", ["UPDATE publication SET title = 'x'", "DELETE FROM publication"])
def test_the_database_refuses_to_change_what_was_published(platform: Platform, sql: str):
    publish(platform, a_community(platform), a_person(platform))
    with pytest.raises(DBAPIError, match="final"), platform.database.writing() as session:
        session.execute(text(sql))


def test_fewer_than_fifteen_days_of_display_are_refused(platform: Platform):
    community, chair = a_community(platform), a_person(platform)
    with pytest.raises(service.TooShortDisplay), platform.database.writing() as session:
        service.publish_notice(session, community, title="t", body="b", by=chair, now=platform.now(), display_days=14)


def test_an_objection_is_due_in_ten_working_days_and_answered_once(platform: Platform):
    community, owner = a_community(platform), a_person(platform)
    publication = publish(platform, community, owner)
    objection = object_to(platform, community, publication.id, owner)
    with platform.database.reading() as session:
        (waiting,) = service.open_objections(session, community)
    assert waiting.answer_due == date(2026, 11, 3)
    answer(platform, community, objection, owner)
    with pytest.raises(service.AlreadyAnswered):
        answer(platform, community, objection, owner)
    with pytest.raises(DBAPIError, match="final"), platform.database.writing() as session:
        session.execute(text("UPDATE objection SET answer = 'other'"))


def test_objections_are_taken_on_the_last_day_of_display_and_not_after(platform: Platform, clock: FrozenClock):
    community, owner = a_community(platform), a_person(platform)
    publication = publish(platform, community, owner)
    clock.advance(days=15)
    object_to(platform, community, publication.id, owner)
    clock.advance(days=1)
    with pytest.raises(service.DisplayOver):
        object_to(platform, community, publication.id, owner)


def test_a_publication_of_another_community_does_not_exist_here(platform: Platform):
    here, there, owner = a_community(platform), a_community(platform, "BYL", "白云里"), a_person(platform)
    publication = publish(platform, there, owner)
    with pytest.raises(NotFound):
        object_to(platform, here, publication.id, owner)


def test_a_subscriber_is_told_once_even_when_the_job_runs_twice(platform: Platform):
    community, owner = a_community(platform), a_person(platform)
    with platform.database.writing() as session:
        service.subscribe(session, community, person_id=owner, now=platform.now())
        service.subscribe(session, community, person_id=owner, now=platform.now())
    publish(platform, community, owner)
    worker = Worker(platform, {"bulletin.announce": tasks.announce})
    assert worker.run_one()
    with platform.database.writing() as session:
        session.execute(text("UPDATE job SET state = 'waiting'"))
    assert worker.run_one()
    with platform.database.reading() as session:
        (told,) = session.query(Announcement).all()
    assert told.outcome == "unreachable"


def test_who_unsubscribed_is_not_told(platform: Platform):
    community, owner = a_community(platform), a_person(platform)
    with platform.database.writing() as session:
        service.subscribe(session, community, person_id=owner, now=platform.now())
        service.unsubscribe(session, community, person_id=owner)
    publish(platform, community, owner)
    Worker(platform, {"bulletin.announce": tasks.announce}).run_one()
    with platform.database.reading() as session:
        assert session.query(Announcement).all() == []
