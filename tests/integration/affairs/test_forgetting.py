"""Who reported is kept no longer than it is needed; what was said and done stays."""

from sqlalchemy import select

from hoa.affairs import tidying
from hoa.affairs.rules.states import State
from hoa.affairs.service import intake, integrity, reading, reporters
from hoa.affairs.tables import Follower
from hoa.platform import Platform
from tests.integration.affairs.scene import ANSWER, REPORTER_PHONE, TEXT, open_scene

KEPT = 365


def test_a_year_after_the_end_nobody_knows_any_more_who_said_it(platform: Platform) -> None:
    scene = open_scene(platform)
    over, running = scene.suggestion(State.ASSIGNED), scene.suggestion(State.ASSIGNED)
    with platform.database.writing() as session:
        intake.follow(session, platform.keys, scene.community, over, person_id=scene.people["owner"], now=scene.now())
    scene.handle("answer", over, text=ANSWER)
    scene.act("rate", over, stars=5, via="link")
    scene.act("publish", over, public_text="电梯停运", public_answer=ANSWER, by=scene.desk)
    scene.pass_days(KEPT - 0.01)
    tidying.REPORTERS.run(platform)
    assert scene.row(over).reporter_phone_sealed is not None, "a day less than a year it is still needed"

    scene.pass_days(0.02)
    tidying.REPORTERS.run(platform)
    tidying.REPORTERS.run(platform)
    with platform.database.reading() as session:
        row = reading.find(session, scene.community, over)
        assert (row.reporter_name_sealed, row.reporter_phone_sealed) == (None, None)
        assert row.reporter_phone_key is None
        assert not row.may_call
        assert row.text == TEXT
        assert row.published_at is not None
        assert session.scalars(select(Follower)).all() == []
        still = reading.find(session, scene.community, running)
        assert reporters.phone_to_tell(session, platform.keys, still) == REPORTER_PHONE, "it is not over yet"
        assert integrity.verify_all(platform, session, scene.community) == []
