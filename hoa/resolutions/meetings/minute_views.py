"""The minutes as page, paper and bytes: public with masked names once they are in force, in full for owners and
officers, a draft for who keeps them and for the members."""

from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.accounts import personal_keys
from hoa.kernel import canonical, sign_files
from hoa.kernel.errors import NotFound
from hoa.resolutions.meetings import content as words_of
from hoa.resolutions.meetings import minutes as service
from hoa.resolutions.meetings import papers
from hoa.resolutions.meetings import service as calling
from hoa.resolutions.meetings.minutes import REMARKS_LENGTH
from hoa.resolutions.meetings.powers import CALL, READ, TAKE_PART
from hoa.resolutions.meetings.tables import CommitteeMeeting, CommitteeMinutes
from hoa.resolutions.meetings.views import blueprint, find
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import written_text

ITEM = "minutes"
# The meetings' blueprint with these routes on it: what the room brings.
BLUEPRINT = blueprint


def _in_force(meeting_id: str) -> tuple[CommitteeMeeting, CommitteeMinutes]:
    """Minutes that everybody may ask for; what is not signed into force is nobody's but the committee's."""
    meeting = find(meeting_id)
    done = calling.latest_minutes(context.reading(), meeting)
    if done is None or meeting.settled_at is None:
        raise NotFound
    return meeting, done


@blueprint.get("/<meeting_id>/minutes")
@public
def minutes(meeting_id: str) -> str:
    session, now, meeting = context.reading(), context.now(), find(meeting_id)
    done = calling.latest_minutes(session, meeting)
    me = context.me()
    may_write = bool(me and context.may(CALL) and calling.may_record(session, meeting, me.id, now))
    may_write = may_write and meeting.settled_at is None and meeting.cancelled_at is None
    if meeting.settled_at is None and not (may_write or context.may(TAKE_PART)):
        raise NotFound
    content = canonical.decode(done.content) if done else words_of.compose(session, meeting, now)
    full = context.may(READ)
    return render_template(
        "resolutions/meetings/minutes.html",
        meeting=meeting,
        done=done,
        content=content if full else words_of.public(content),
        full=full,
        may_write=may_write,
        changed=done is not None and may_write and _changed(meeting, done),
        signed=papers.signers(session, done, full=full) if done else [],
        needed=service.needed(session, meeting) if meeting.ended_at else None,
        **_signing(meeting, done),
    )


def _changed(meeting: CommitteeMeeting, done: CommitteeMinutes) -> bool:
    """Whether something was recorded since this version."""
    return canonical.digest(words_of.compose(context.reading(), meeting, context.now())) != done.digest


def _signing(meeting: CommitteeMeeting, done: CommitteeMinutes | None) -> dict[str, Any]:
    """What the reader needs for signing: nothing, a button, or the item for their key."""
    session, me = context.reading(), context.me()
    if me is None or done is None or me.id not in service.may_sign(session, meeting):
        return {"may_sign": False, "key": None, "item": None}
    if me.id in {row.person_id for row in service.signatures(session, done)}:
        return {"may_sign": False, "key": None, "item": None}
    key = personal_keys.current(session, me.id)
    item = sign_files.Item(ITEM, service.KIND, done.content.decode()) if key else None
    return {"may_sign": True, "key": key, "item": item}


@blueprint.get("/<meeting_id>/minutes.pdf")
@public
def minutes_pdf(meeting_id: str) -> Response:
    meeting, done = _in_force(meeting_id)
    form = papers.FULL if context.may(READ) else papers.PUBLIC
    found = papers.kept(context.reading(), done, form)
    if found is None:
        page = render_template("resolutions/meetings/printing.html", meeting=meeting)
        return Response(page, mimetype="text/html", status=202, headers={"Refresh": "2"})
    name = f"{context.community().code}-{meeting.year}-{meeting.number}-minutes.pdf"
    data = context.platform().files.get(found.sha256)
    return send_file(BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=name)


@blueprint.get("/<meeting_id>/minutes.json")
@public
def minutes_json(meeting_id: str) -> Response:
    """The signed bytes for those who may read names; what was published for everybody else."""
    _, done = _in_force(meeting_id)
    if context.may(READ):
        return Response(done.content, mimetype="application/json")
    return Response(canonical.encode(words_of.public(canonical.decode(done.content))), mimetype="application/json")


@blueprint.post("/<meeting_id>/remarks")
@requires(CALL)
def remark(meeting_id: str) -> Response:
    find(meeting_id)
    with context.writing() as session:
        service.remark(
            session,
            context.community().id,
            meeting_id,
            text=written_text("text", most=REMARKS_LENGTH),
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("说明已保存"), "ok")
    return redirect(url_for("meetings.minutes", meeting_id=meeting_id))


@blueprint.post("/<meeting_id>/finish")
@requires(CALL)
def finish(meeting_id: str) -> Response:
    find(meeting_id)
    with context.writing() as session:
        service.finish(session, context.community().id, meeting_id, by=context.person_id(), now=context.now())
    flash(gettext("会议记录已定稿，请到会委员签名"), "ok")
    return redirect(url_for("meetings.minutes", meeting_id=meeting_id))


@blueprint.get("/<meeting_id>/to-sign.json")
@requires(TAKE_PART)
def to_sign(meeting_id: str) -> Response:
    """For `hoa sign`: the finished minutes as one item."""
    meeting = find(meeting_id)
    done = calling.latest_minutes(context.reading(), meeting)
    key = personal_keys.current(context.reading(), context.person_id())
    if done is None or key is None:
        raise NotFound
    data = sign_files.write_to_sign(key.key_id, [sign_files.Item(ITEM, service.KIND, done.content.decode())])
    response = Response(data, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="to-sign.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/<meeting_id>/sign")
@requires(CALL)
def sign(meeting_id: str) -> Response:
    find(meeting_id)
    signature = None
    if sent := _sent():
        signature = sign_files.read_signed(sent).get(ITEM)
        if signature is None:
            raise service.WrongSignature
    with context.writing() as session:
        service.sign(
            session,
            context.community().id,
            meeting_id,
            digest=request.form.get("digest", ""),
            person_id=context.person_id(),
            signature=signature,
            now=context.now(),
        )
    flash(gettext("已签名"), "ok")
    return redirect(url_for("meetings.minutes", meeting_id=meeting_id) + "#signatures")


def _sent() -> bytes:
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        return upload.stream.read(sign_files.MOST_BYTES + 1)
    return request.form.get("signatures", "").encode()
