"""Owners ask for an extraordinary assembly: anybody reads how far a request is, owners sign, conveners answer."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, TextAreaField

from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import public, requires, signed_in
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told
from voting.powers import CONVENE
from voting.rules import conveners
from voting.service import requests
from voting.tables import Assembly, AssemblyRequest
from voting.views.drafting import my_posts
from voting.views.shared import blueprint


class RequestForm(Form):
    title = StringField(lazy_gettext("提议召开什么会议"), validators=[required(), at_most(80)])
    reason = TextAreaField(lazy_gettext("理由"), validators=[required(), at_most(2000)])
    title1 = StringField(lazy_gettext("要表决的问题"), validators=[required(), at_most(120)])
    text1 = TextAreaField(lazy_gettext("方案"), validators=[required(), at_most(4000)])
    title2 = StringField(lazy_gettext("第二个问题"), validators=[at_most(120)])
    text2 = TextAreaField(lazy_gettext("第二个方案"), validators=[at_most(4000)])
    title3 = StringField(lazy_gettext("第三个问题"), validators=[at_most(120)])
    text3 = TextAreaField(lazy_gettext("第三个方案"), validators=[at_most(4000)])

    def motions(self) -> list[dict[str, str]]:
        return [
            {"title": self[f"title{n}"].data or "", "text": (self[f"text{n}"].data or "").replace("\r\n", "\n")}
            for n in (1, 2, 3)
        ]


class DeclineForm(Form):
    reason = TextAreaField(lazy_gettext("不召开的理由"), validators=[required(), at_most(2000)])


class ConveneForm(Form):
    convener = SelectField(lazy_gettext("召集人"))


@blueprint.get("/requests")
@public
def requests_page() -> str:
    session, here, me = context.reading(), context.community().id, context.me()
    rows = requests.with_support(session, here)
    return render_template(
        "voting/requests.html", rows=rows, may_start=me is not None and requests.may_sign(session, here, me.id)
    )


@blueprint.route("/requests/new", methods=["GET", "POST"])
@signed_in
def new_request() -> str | Response:
    form = RequestForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                row = requests.start(
                    session,
                    context.community().id,
                    title=form.title.data or "",
                    reason=(form.reason.data or "").replace("\r\n", "\n"),
                    motions=form.motions(),
                    person_id=context.person_id(),
                    now=context.now(),
                )
            flash(gettext("提议已公开，您的签名已计入"), "ok")
            return redirect(url_for("voting.request_page", request_id=row.id))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    may = requests.may_sign(context.reading(), context.community().id, context.person_id())
    return render_template("voting/request_new.html", form=form, may_start=may)


@blueprint.get("/requests/<request_id>")
@public
def request_page(request_id: str) -> str | Response:
    row = requests.get(context.reading(), context.community().id, request_id)
    if row.kind == requests.RECALL:
        return redirect(url_for("recall.of_request", request_id=row.id))
    return _page(row, DeclineForm(formdata=None))


def _page(row: AssemblyRequest, form: DeclineForm) -> str:
    session, me = context.reading(), context.me()
    percent, behind = requests.percent(row), requests.support(session, row)
    assembly = session.get(Assembly, (row.community_id, row.assembly_id)) if row.assembly_id else None
    return render_template(
        "voting/request.html",
        row=row,
        behind=behind,
        percent=percent,
        missing=behind.missing(percent),
        mine=me is not None and requests.have_signed(session, row, me.id),
        may_sign=me is not None and requests.may_sign(session, row.community_id, me.id),
        # A draft is not public; the link appears with its notice, or for those who write it.
        assembly=assembly if assembly and (assembly.manifest_hash or context.may(CONVENE)) else None,
        form=form,
        convene=_convene_form() if context.may(CONVENE) else None,
    )


@blueprint.post("/requests/<request_id>/sign")
@signed_in
def sign_request(request_id: str) -> Response:
    with context.writing() as session:
        requests.sign(session, context.community().id, request_id, person_id=context.person_id(), now=context.now())
    flash(gettext("您的签名已计入"), "ok")
    return redirect(url_for("voting.request_page", request_id=request_id))


@blueprint.post("/requests/<request_id>/withdraw")
@signed_in
def withdraw_request(request_id: str) -> Response:
    with context.writing() as session:
        requests.withdraw(session, context.community().id, request_id, person_id=context.person_id(), now=context.now())
    flash(gettext("您的签名已撤回"), "ok")
    return redirect(url_for("voting.request_page", request_id=request_id))


@blueprint.post("/requests/<request_id>/decline")
@requires(CONVENE)
def decline_request(request_id: str) -> str | Response:
    here, form = context.community().id, DeclineForm()
    if form.validate_on_submit():
        with context.writing() as session:
            requests.decline(
                session,
                here,
                request_id,
                reason=(form.reason.data or "").replace("\r\n", "\n"),
                by=context.person_id(),
                now=context.now(),
            )
        flash(gettext("答复已公开"), "ok")
        return redirect(url_for("voting.request_page", request_id=request_id))
    return _page(requests.get(context.reading(), here, request_id), form)


@blueprint.post("/requests/<request_id>/convene")
@requires(CONVENE)
def convene_request(request_id: str) -> Response:
    """Answer with a draft that asks the owners' questions in their words."""
    form, posts = _convene_form(), my_posts()
    values: dict[str, Any] = {"convener": form.convener.data or "", "posts": posts}
    with context.writing() as session:
        assembly = requests.convene(
            session, context.community().id, request_id, by=context.person_id(), now=context.now(), **values
        )
    flash(gettext("已按提议起草临时会议，请核对后公告"), "ok")
    return redirect(url_for("voting.manage", code=assembly.code))


def _convene_form() -> ConveneForm:
    form = ConveneForm()
    form.convener.choices = options([(name, gettext(name)) for name in conveners.conveners(my_posts())])
    return form
