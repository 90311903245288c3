"""The roster, and appointing and ending by those who may."""

from datetime import datetime, time, timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, StringField, TelField

from hoa.accounts import service as accounts
from hoa.community.service import find_community
from hoa.db import get
from hoa.kernel import masking
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.kernel.posts import AUTHORITIES, POSTS, Post
from hoa.offices import rules, service
from hoa.offices.tables import Office
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told

blueprint = Blueprint("offices", __name__, url_prefix="/c/<community_code>/offices")
administration = Blueprint("offices_administration", __name__, url_prefix="/platform/communities/<code>/offices")


class OtherName(Refusal):
    message = N_("这个手机号的账户是%(name)s的，与填写的姓名不一致，请核对")


class OnlyAuthorities(Refusal):
    message = N_("平台管理员只能任命街道办事处和居民委员会的人员，其余任职由他们办理")


class AppointForm(Form):
    name = StringField(lazy_gettext("姓名"), validators=[required(), at_most(40)])
    phone = TelField(
        lazy_gettext("手机号"), validators=[required()], description=lazy_gettext("本人用它登录；没有账户会自动建立")
    )
    post = SelectField(lazy_gettext("机构和职务"), validators=[required()])
    starts_on = DateField(lazy_gettext("任期开始"), validators=[required()])
    ends_on = DateField(lazy_gettext("任期结束（含当天）"), validators=[required()])
    basis = StringField(
        lazy_gettext("依据"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("例如：选举结果、街道文件号"),
    )

    def offer(self, posts: tuple[Post, ...]) -> None:
        self.post.choices = options([("", gettext("请选择")), *((str(post), _title(post)) for post in posts)])


class EndForm(Form):
    basis = StringField(lazy_gettext("结束的依据"), validators=[required(), at_most(200)])


def _title(post: Post) -> str:
    return f"{gettext(rules.BODIES[post.body])} · {gettext(rules.KINDS[post.kind])}"


@blueprint.get("/")
@public
def roster() -> str:
    """Who holds which office: names masked for visitors, ended offices below."""
    session, here, now = context.reading(), context.community(), context.now()
    return render_template(
        "offices/roster.html",
        holders=service.roster(session, here.id, now=now),
        past=service.roster(session, here.id, now=now, past=True),
        title=_title,
        full_names=context.may("offices.read"),
    )


@blueprint.route("/appoint", methods=["GET", "POST"])
@requires("offices.appoint")
def appoint() -> str | Response:
    form = AppointForm()
    form.offer(POSTS)
    if form.validate_on_submit():
        try:
            _appoint(form, context.community().id)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已任命，名册已更新"), "ok")
            return redirect(url_for("offices.roster"))
    return render_template("offices/appoint.html", form=form, where=context.community().name)


@blueprint.route("/<office_id>/end", methods=["GET", "POST"])
@requires("offices.appoint")
def end(office_id: str) -> str | Response:
    office = get(context.reading(), Office, context.community().id, office_id)
    form = EndForm()
    if form.validate_on_submit():
        with context.writing() as session:
            service.end(
                session,
                context.community().id,
                office_id=office_id,
                basis=form.basis.data or "",
                by=context.person_id(),
                now=context.now(),
            )
        flash(gettext("任职已结束，相应权限立即失效"), "ok")
        return redirect(url_for("offices.roster"))
    return render_template("offices/end.html", form=form, title=_title(office.post))


@administration.route("/", methods=["GET", "POST"])
@requires("platform.administer")
def first(code: str) -> str | Response:
    """The administrator names the street's and the residents' committee's people, nobody else, and never themselves."""
    session = context.reading()
    here = find_community(session, code)
    form = AppointForm()
    form.offer(tuple(post for post in POSTS if post in AUTHORITIES))
    if form.validate_on_submit():
        try:
            _appoint(form, here.id, only=AUTHORITIES)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已任命，其余任职由他们办理"), "ok")
            return redirect(url_for("offices_administration.first", code=code))
    return render_template(
        "offices/first.html",
        form=form,
        where=here,
        holders=service.holders(context.reading(), here.id, posts=AUTHORITIES, now=context.now()),
        title=_title,
    )


def _appoint(form: AppointForm, community_id: str, only: frozenset[Post] | None = None) -> None:
    body, _, kind = (form.post.data or "").partition(".")
    post = Post(body, kind)
    if post not in POSTS:
        raise NotAllowed
    if only is not None and post not in only:
        raise OnlyAuthorities
    assert form.starts_on.data is not None
    assert form.ends_on.data is not None
    platform = context.platform()
    with context.writing() as session:
        person = accounts.person_for_phone(
            session, platform.keys, phone=form.phone.data or "", name=form.name.data or "", now=context.now()
        )
        if person.name != form.name.data:
            raise OtherName(name=masking.name(person.name))
        service.appoint(
            session,
            community_id,
            post=post,
            person_id=person.id,
            starts_at=datetime.combine(form.starts_on.data, time(), CHINA),
            ends_at=datetime.combine(form.ends_on.data + timedelta(days=1), time(), CHINA),
            basis=form.basis.data or "",
            by=context.person_id(),
            now=context.now(),
        )
