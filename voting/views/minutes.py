"""The minutes as page, paper and bytes: a draft for conveners and supervisors, for everybody once they are finished."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.accounts import personal_keys
from hoa.kernel import canonical, sign_files
from hoa.kernel.clock import parse_stamp
from hoa.kernel.errors import NotAllowed, NotFound
from hoa.web import context
from hoa.web.access import public, requires, signed_in
from hoa.web.forms import tidy
from voting.powers import CONVENE, FULL_PACKAGE
from voting.rules.life import State
from voting.rules.schedule import FORM_TITLES
from voting.service import minutes as service
from voting.service import proposals
from voting.tables import Assembly
from voting.views import elected
from voting.views.shared import CHANNEL_TITLES, address, blueprint, find, paper
from voting.views.verdicts import verdict

ITEM = "minutes"


def _noticed(code: str) -> Assembly:
    assembly = find(code)
    if assembly.manifest is None:
        raise NotFound
    return assembly


def _may_sign(assembly: Assembly) -> bool:
    """Conveners, and the officials of this assembly."""
    me = context.me()
    if me is None:
        return False
    return context.may(CONVENE) or me.id in {one.person_id for one in proposals.officials(context.reading(), assembly)}


@blueprint.get("/<code>/minutes")
@public
def minutes(code: str) -> str:
    assembly = _noticed(code)
    session = context.reading()
    done = service.finished(session, assembly)
    if done is None and not (context.may(CONVENE) or context.may(FULL_PACKAGE)):
        return render_template("voting/minutes_none.html", assembly=assembly)
    me = context.me()
    key = personal_keys.current(session, me.id) if me and done and _may_sign(assembly) else None
    signed = {row.person_id for row in service.signatures(session, assembly)}
    item = None
    if done is not None and key is not None and me is not None and me.id not in signed:
        item = sign_files.Item(ITEM, service.KIND, done.content.decode())
    return render_template(
        "voting/minutes.html",
        assembly=assembly,
        may_write=context.may(CONVENE) and done is None,
        may_finish=context.may(CONVENE) and done is None and assembly.step is State.ANNOUNCED,
        asks_key=done is not None and me is not None and key is None and _may_sign(assembly) and me.id not in signed,
        key=key,
        item=item,
        **values(assembly),
    )


def values(assembly: Assembly) -> dict[str, Any]:
    """What page and paper show alike."""
    session = context.reading()
    done = service.finished(session, assembly)
    content = canonical.decode(done.content) if done else service.compose(session, assembly)
    return {
        "content": content,
        "done": done,
        "signed": service.signatures(session, assembly),
        "needed": service.NEEDED,
        "verdicts": {one["code"]: verdict(one["result"]) for one in content["motions"] if "result" in one},
        "elections": _elections(content),
        "candidates": {code for one in content.get("elections", ()) for code in one["notice"]["motions"]},
        "at": parse_stamp,
        "address": address("voting.minutes", code=assembly.code),
        "CHANNEL_TITLES": CHANNEL_TITLES,
        "FORM_TITLES": FORM_TITLES,
    }


def _elections(content: Mapping[str, Any]) -> list[elected.Shown]:
    """What was elected, once it is counted, as on the result page."""
    figures = {one["code"]: one["result"] for one in content["motions"] if "result" in one}
    names = {one["code"]: one["title"] for one in content["motions"]}
    counted = [one for one in content.get("elections", ()) if "result" in one]
    return [elected.shown(one["notice"], one["result"], figures, names) for one in counted]


@blueprint.get("/<code>/minutes.pdf")
@public
def minutes_pdf(code: str) -> Response:
    assembly = _noticed(code)
    done = service.finished(context.reading(), assembly)
    if done is None:
        raise NotFound
    return paper(
        assembly,
        kind="minutes",
        template="voting/minutes_paper.html",
        created=done.finished_at.replace(microsecond=0),
        name=f"{context.community().code}-{assembly.code}-minutes.pdf",
        values=values(assembly),
    )


@blueprint.get("/<code>/minutes.json")
@public
def minutes_json(code: str) -> Response:
    """The finished minutes, byte for byte: their SHA-256 is on page and paper, the signatures are over them."""
    done = service.finished(context.reading(), _noticed(code))
    if done is None:
        raise NotFound
    return Response(done.content, mimetype="application/json")


@blueprint.post("/<code>/minutes/notes")
@requires(CONVENE)
def add_minutes_note(code: str) -> Response:
    assembly = _noticed(code)
    with context.writing() as session:
        service.add_note(
            session,
            context.platform().keys,
            assembly.community_id,
            assembly.id,
            text=(tidy(request.form.get("text", "")) or "").replace("\r\n", "\n"),
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("已写进会议记录。"), "ok")
    return redirect(url_for("voting.minutes", code=assembly.code) + "#notes")


@blueprint.post("/<code>/minutes/finish")
@requires(CONVENE)
def finish_minutes(code: str) -> Response:
    assembly = _noticed(code)
    with context.writing() as session:
        service.finish(
            session,
            context.platform().keys,
            assembly.community_id,
            assembly.id,
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("已定稿，请两位签名。"), "ok")
    return redirect(url_for("voting.minutes", code=assembly.code))


@blueprint.get("/<code>/minutes/to-sign.json")
@signed_in
def minutes_to_sign(code: str) -> Response:
    """For `hoa sign`: the finished minutes as one item."""
    assembly = _noticed(code)
    session = context.reading()
    done, key = service.finished(session, assembly), personal_keys.current(session, context.person_id())
    if not _may_sign(assembly):
        raise NotAllowed
    if done is None:
        raise service.MinutesNotFinished
    if key is None:
        raise service.NoSigningKey
    data = sign_files.write_to_sign(key.key_id, [sign_files.Item(ITEM, service.KIND, done.content.decode())])
    response = Response(data, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="to-sign.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/<code>/minutes/sign")
@signed_in
def sign_minutes(code: str) -> Response:
    assembly = _noticed(code)
    if not _may_sign(assembly):
        raise NotAllowed
    given = sign_files.read_signed(_sent())
    if ITEM not in given:
        raise service.WrongMinutesSignature
    with context.writing() as session:
        service.sign(
            session,
            context.platform().keys,
            assembly.community_id,
            assembly.id,
            person_id=context.person_id(),
            signature=given[ITEM],
            now=context.now(),
        )
    flash(gettext("已签名。"), "ok")
    return redirect(url_for("voting.minutes", code=assembly.code) + "#signatures")


def _sent() -> bytes:
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        return upload.stream.read(sign_files.MOST_BYTES + 1)
    return request.form.get("signatures", "").encode()
