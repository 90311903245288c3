"""Pages where supervisors and auditors put their own signatures into a report's PDF; their keys never come here."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.audit import present, service, signatures
from finance.audit.views import blueprint
from hoa.accounts import personal_keys
from hoa.kernel import sign_files
from hoa.kernel.errors import N_, NotAllowed, NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.i18n import told


class NothingSigned(Refusal):
    message = N_("没有收到签名，什么都没有写入。请用本页的按钮签名，或者上传 signed.json")


class NothingPrepared(Refusal):
    message = N_("没有准备好的签名，请先点“准备签名”")
    status = 409


@blueprint.get("/reports/<report_id>/sign")
@requires("audit.sign")
def sign(report_id: str) -> str:
    """Who signed, and what waits for my key."""
    return _page(report_id)


def _page(report_id: str, problem: str | None = None) -> str:
    session, me = context.reading(), context.person_id()
    report = service.find(session, context.community().id, report_id)
    signed = signatures.signatures(session, report)
    waiting = signatures.prepared(session, report, me)
    key = personal_keys.current(session, me)
    usable = waiting is not None and key is not None and waiting.key_id == key.key_id
    return render_template(
        "audit/sign.html",
        report=report,
        signed=signed,
        mine=any(row.person_id == me for row in signed),
        key=key,
        item=signatures.item(waiting) if waiting is not None and usable else None,
        problem=problem,
        **present.words(),
    )


@blueprint.post("/reports/<report_id>/prepare")
@requires("audit.sign")
def prepare(report_id: str) -> Response | tuple[str, int]:
    """Make room for my signature behind the ones that are there."""
    try:
        with context.writing() as session:
            signatures.prepare_for(
                session,
                context.platform(),
                context.community().id,
                report_id,
                person_id=context.person_id(),
                now=context.now(),
            )
    except (signatures.NoKey, signatures.SignedAlready) as refusal:
        return _page(report_id, told(refusal)), refusal.status
    return redirect(url_for("audit.sign", report_id=report_id))


@blueprint.get("/reports/<report_id>/to-sign.json")
@requires("audit.sign")
def report_to_sign(report_id: str) -> Response:
    """What waits for my key, for `hoa sign`: the way without a script, or with a key that no browser may hold."""
    session, me = context.reading(), context.person_id()
    report = service.find(session, context.community().id, report_id)
    waiting = signatures.prepared(session, report, me)
    if waiting is None:
        raise NothingPrepared
    data = sign_files.write_to_sign(waiting.key_id, [signatures.item(waiting)])
    response = Response(data, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="to-sign.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/reports/<report_id>/sign")
@requires("audit.sign")
def signed(report_id: str) -> Response | tuple[str, int]:
    """Take my signature in, from this page or from `signed.json`."""
    try:
        signature = sign_files.read_signed(_sent()).get(signatures.ITEM)
        if signature is None:
            raise NothingSigned
        with context.writing() as session:
            signatures.sign(
                session,
                context.platform(),
                context.community().id,
                report_id,
                person_id=context.person_id(),
                signature=signature,
                now=context.now(),
            )
    except Refusal as refusal:
        if isinstance(refusal, NotFound | NotAllowed):
            raise
        return _page(report_id, told(refusal)), refusal.status
    flash(gettext("签名已写进报告的 PDF。"), "ok")
    return redirect(url_for("audit.report", report_id=report_id) + "#signatures")


def _sent() -> bytes:
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        return upload.stream.read(sign_files.MOST_BYTES + 1)
    text = request.form.get("signatures", "").strip()
    if not text:
        raise NothingSigned
    return text.encode()
