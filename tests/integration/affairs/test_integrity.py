"""What somebody with the database's password changes behind the platform's back is named by `hoa verify`, with the
suggestion and what does not agree: pictures, consent, handler, deadline, published words, common cause.
"""

import io
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.orm import Session

from hoa.affairs.rules.states import State
from hoa.affairs.service import integrity, life, photos, reading, steps
from hoa.affairs.service.photos import Phase, Pictures
from hoa.affairs.tables import Step, Suggestion
from hoa.ports.uploads import Upload
from tests.integration.affairs.scene import ANSWER, Scene, open_scene, said
from tests.integration.affairs.test_watching import without_guards


@pytest.fixture
def scene(platform: Any) -> Scene:
    return open_scene(platform)


def picture(colour: str) -> Upload:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return photos.checked(out.getvalue(), "a.png")


def with_pictures(scene: Scene) -> str:
    """An answered one whose reporter may be called, with a picture sent, one added later, one of the result and one of
    the place; 2026-0001.
    """
    files, keys = scene.platform.files, scene.platform.keys
    with scene.platform.database.writing() as session:
        sent = Pictures(files, [picture("red")])
        row = life.receive(session, keys, scene.community, said(may_call=True), now=scene.now(), pictures=sent)
        made = row.id
        photos.add(session, files, row, [picture("red")], phase=Phase.BEFORE, now=scene.now())
    scene.pass_days(0.1)
    with scene.platform.database.writing() as session:
        row = reading.find(session, scene.community, made)
        photos.add(session, files, row, [picture("blue")], phase=Phase.BEFORE, now=scene.now())
    scene.assign(made)
    scene.handle("answer", made, text=ANSWER, pictures=Pictures(files, [picture("green")]))
    shot = Pictures(files, [picture("white")])
    scene.act("check", made, kind="site", outcome="solved", text="", pictures=shot, by="supervisor")
    return made


def problems(scene: Scene) -> list[str]:
    with scene.platform.database.reading() as session:
        return list(integrity.verify_all(scene.platform, session, scene.community))


def tampered(scene: Scene, statements: str, values: Mapping[str, str]) -> str:
    """What verify says after these statements, which are taken back."""
    with scene.platform.database.writing() as session:
        without_guards(session)
        for statement in statements.split(";"):
            session.execute(text(statement), {name: values[name] for name in values if f":{name}" in statement})
        session.expire_all()
        found = "\n".join(integrity.verify_all(scene.platform, session, scene.community))
        session.rollback()
    return found


def test_pictures_consent_the_common_cause_and_the_handlers_name_are_told_by_their_steps(scene: Scene) -> None:
    made, waiting, other = with_pictures(scene), scene.receive(), scene.suggestion(State.ASSIGNED)
    with scene.platform.database.writing() as session:
        rows = [waiting, other]
        words: dict[str, Any] = {"title": "电梯老化", "text": "", "by": scene.desk, "now": scene.now()}
        cluster = life.make_cluster(session, scene.community, rows, **words).id
    with scene.platform.database.writing() as session:
        by: dict[str, Any] = {"by": scene.desk, "now": scene.now()}
        life.raise_cluster(session, scene.community, cluster, to="street_office", reason="超出小区", **by)
        stands = [photo.phase for photo in photos.photos(session, reading.find(session, scene.community, made))]
        brought = [
            [one["phase"] for one in step.details.get(photos.KEPT, ())]
            for step in reading.history(session, reading.find(session, scene.community, made))
        ]
    assert stands == ["before", "before", "after", "after"], "the same picture twice is kept once"
    assert brought == [["before"], ["before"], [], ["after"], ["after"]]
    assert problems(scene) == []
    photo = "table suggestion_photo, row "
    for statement, named in (
        ("UPDATE suggestion SET may_call = NOT may_call WHERE id = :id", "(2026-0001): whether the reporter may be"),
        ("UPDATE suggestion SET may_call = NOT may_call WHERE id = :waiting", "(2026-0002): whether the reporter may"),
        ("UPDATE suggestion SET reporter_name_sealed = NULL WHERE id = :id", "(2026-0001): who reported it was chan"),
        ("UPDATE suggestion SET reporter_phone_key = 'ab' WHERE id = :id", "(2026-0001): who reported it was changed"),
        (
            "UPDATE suggestion SET reporter_name_sealed = NULL, reporter_phone_sealed = NULL, may_call = (1 = 0), "
            "reporter_phone_key = NULL WHERE id = :id",
            "(2026-0001): who reported it was changed",
        ),
        (
            "UPDATE suggestion_photo SET phase = 'before' WHERE phase = 'after' AND suggestion_id = :id",
            "(2026-0001): it is not the one that step 4 brought",
        ),
        (
            "UPDATE suggestion_photo SET suggestion_id = :waiting WHERE suggestion_id = :id AND phase = 'before'",
            "(2026-0001): it is not the one that step 1 brought",
        ),
        (
            "UPDATE suggestion_photo SET added_at = (SELECT answered_at FROM suggestion WHERE id = :id)",
            "(2026-0001): it is not the one that step 1 brought",
        ),
        ("DELETE FROM suggestion_photo WHERE phase = 'after'", "(2026-0001): it is gone; step 5 brought it"),
        (
            "INSERT INTO suggestion_photo (community_id, id, suggestion_id, phase, digest, media_type, added_at) "
            "SELECT community_id, 'planted', :waiting, phase, digest, media_type, added_at FROM suggestion_photo "
            "WHERE phase = 'after' LIMIT 1",
            f"{photo}planted (2026-0002): no step brought it",
        ),
        (
            "INSERT INTO suggestion_check (community_id, id, suggestion_id, round, kind, outcome, text, at, by_id) "
            "SELECT community_id, 'planted', suggestion_id, round, kind, outcome, text, at, by_id "
            "FROM suggestion_check",
            "table suggestion_check, row planted (2026-0001): it is not what its step says",
        ),
        ("UPDATE suggestion_cluster SET raised_to = 'party_branch'", "(G2026-001): to whom it was raised is not what"),
        ("UPDATE suggestion_cluster SET raised_at = made_at, raised_to = ''", "(G2026-001): to whom it was raised"),
        ("UPDATE handler SET name = 'x' WHERE body <> ''", "its name is not the one by which it was given 2026-0003"),
        (
            "DELETE FROM suggestion_step WHERE suggestion_id = :waiting; DELETE FROM suggestion WHERE id = :waiting",
            "table suggestion: 2026-0002 is gone",
        ),
    ):
        found = tampered(scene, statement, {"id": made, "waiting": waiting})
        assert named in found, (statement, found)
    assert problems(scene) == []


def rewritten(session: Session, row: Suggestion, step: Step, **changes: Any) -> None:
    """The row changed, and its last step written anew around it, by somebody who knows how the hash is made."""
    for name, value in changes.items():
        setattr(row, name, value)
    step.state = row.state
    step.details = {**step.details, "stands": steps.stands(row)}
    step.hash = steps.hash_of(step)
    session.flush()


def test_a_last_step_written_anew_around_a_changed_row_does_not_hide_what_changed(scene: Scene) -> None:
    running, published = scene.suggestion(State.ASSIGNED), scene.suggestion(State.PUBLISHED)
    checked = scene.suggestion(State.PUBLISHED)
    scene.act("check", checked, kind="call", outcome="solved", text="", by="supervisor")
    for made, label, changes, named in (
        (running, "2026-0001", {"handler_id": scene.handlers["lift"]}, "its handler_id is not what"),
        (running, "2026-0001", {"sorting": "referred"}, "its sorting is not what"),
        (running, "2026-0001", {"profile": "13710"}, "its profile is not what"),
        (running, "2026-0001", {"due_on": date(2027, 1, 1)}, "its due_on is not what"),
        (running, "2026-0001", {"assigned_on": date(2026, 10, 21)}, "its assigned_on is not what"),
        (running, "2026-0001", {"paused_days": 30}, "its paused_days is not what"),
        (running, "2026-0001", {"title": "没有这回事"}, "its title is not what"),
        (running, "2026-0001", {"state": "published"}, "step 2 does not follow from the one before"),
        (published, "2026-0002", {"public_text": "没有这回事"}, "its public_text is not what"),
        (published, "2026-0002", {"public_answer": "没有这回事"}, "its public_answer is not what"),
        (published, "2026-0002", {"answered_at": None}, "its answered_at is not what"),
        (checked, "2026-0003", {"public_answer": "没有这回事"}, "step 6 changed nothing, and yet it stood otherwise"),
    ):
        with scene.platform.database.writing() as session:
            without_guards(session)
            row = reading.find(session, scene.community, made)
            rewritten(session, row, reading.history(session, row)[-1], **changes)
            found = integrity.verify_all(scene.platform, session, scene.community)
            session.rollback()
        assert [line for line in found if f"({label}): {named}" in line], (changes, found)
    assert problems(scene) == []


def test_steps_written_before_they_kept_so_much_still_agree(scene: Scene) -> None:
    """Their hashes stay what they were; what they do not tell is not asked for."""
    made = with_pictures(scene)
    scene.suggestion(State.PAUSED)
    scene.suggestion(State.PUBLISHED)
    new = {"kept", photos.KEPT, "reporter", "may_call", "unit"}
    with scene.platform.database.writing() as session:
        without_guards(session)
        for row in reading.listed(session, scene.community, limit=None):
            before = steps.START
            for step in reading.history(session, row):
                step.details = {name: value for name, value in step.details.items() if name not in new}
                step.previous = before
                before = step.hash = steps.hash_of(step)
        session.flush()
        assert integrity.verify_all(scene.platform, session, scene.community) == []
        row = reading.find(session, scene.community, made)
        rewritten(session, row, reading.history(session, row)[-1], handler_id=scene.handlers["lift"])
        found = integrity.verify_all(scene.platform, session, scene.community)
        assert [line for line in found if "(2026-0001): its handler_id is not what its steps say" in line], found
        session.rollback()
