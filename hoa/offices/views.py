"""The roster, and appointing and ending by those who may."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, StringField, TelField

from hoa.accounts import service as accounts
from hoa.community import lists
from hoa.community.service import find_community
from hoa.db import get
from hoa.kernel import masking
from hoa.kernel.clock import CHINA, today
from hoa.kernel.errors import N_, NotAllowed, NotFound, Refusal
from hoa.kernel.posts import AUTHORITIES, POSTS, Post
from hoa.offices import listing, places, rules, service
from hoa.offices.changes import standing
from hoa.offices.listing import Line, Reader
from hoa.offices.rules import Place
from hoa.offices.tables import Office
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import last_day, told

blueprint = Blueprint("offices", __name__, url_prefix="/c/<community_code>/offices")
administration = Blueprint("offices_administration", __name__, url_prefix="/platform/communities/<code>/offices")

HEADINGS = (
    N_("机构"),
    N_("职务"),
    N_("管哪里"),
    N_("姓名"),
    N_("手机号"),
    N_("任期开始"),
    N_("任期结束（含当天）"),
    N_("依据"),
    N_("交叉任职"),
)


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

    building = SelectField(
        lazy_gettext("楼栋"), default="", description=lazy_gettext("只有楼栋长、单元长、楼层长和楼栋党小组组长要填")
    )
    entrance = StringField(lazy_gettext("单元"), validators=[at_most(20)], description=lazy_gettext("照业主名册的写法"))
    floor = StringField(lazy_gettext("楼层"), validators=[at_most(4)], description=lazy_gettext("只写数字，例如 12"))

    def offer(self, posts: tuple[Post, ...], buildings: Iterable[str] = ()) -> None:
        self.post.choices = options([("", gettext("请选择")), *((str(post), in_words(post)) for post in posts)])
        self.building.choices = options([("", gettext("整个小区")), *((name, name) for name in buildings)])

    @property
    def place(self) -> Place:
        return Place(self.building.data or "", self.entrance.data or "", self.floor.data or "")


class EndForm(Form):
    basis = StringField(lazy_gettext("结束的依据"), validators=[required(), at_most(200)])


def in_words(post: Post) -> str:
    """Body and post in the reader's language."""
    return f"{gettext(rules.BODIES[post.body])} · {gettext(rules.called(post))}"


def place_in_words(place: Place) -> str:
    """Where a building post is: building and entrance as the register writes them, empty for the others."""
    parts = [place.building, place.entrance]
    if place.floor:
        parts.append(gettext("%(floor)s 层", floor=place.floor))
    return " ".join(part for part in parts if part)


def reader() -> Reader:
    """What the person at this page may see of the roster."""
    return Reader(names=context.may("offices.read"), party=context.may("offices.party"))


@blueprint.get("/")
@public
def roster() -> str:
    """Who holds which office: names masked for visitors, ended offices below."""
    session, here, now = context.reading(), context.community(), context.now()
    return render_template(
        "offices/roster.html",
        lines=listing.lines(session, context.platform().keys, here.id, reader=reader(), now=now),
        past=listing.past(session, here.id, reader=reader(), now=now),
        bodies=service.bodies(session, here.id),
        standings=[
            (gettext(rules.BODIES[kind]), found)
            for kind, found in standing.all_bodies(session, here.id, now=now)
            if found.vacant
        ],
        title=in_words,
        place=place_in_words,
    )


@blueprint.get("/roster.<ending>")
@public
def download(ending: str) -> Response:
    """The roster as a file, with exactly what its reader sees on the page."""
    if ending not in lists.MEDIA:
        raise NotFound
    session, here, now = context.reading(), context.community(), context.now()
    found = listing.lines(session, context.platform().keys, here.id, reader=reader(), now=now)
    headings = [gettext(word) for word in HEADINGS]
    rows = [_row(line) for line in found]
    return file_of(f"roster-{here.code}", gettext("机构和任职"), headings, rows, ending)


def _row(line: Line) -> list[str]:
    office = line.office
    return [
        gettext(rules.BODIES[office.body_kind]),
        gettext(rules.called(office.post)),
        place_in_words(office.place),
        gettext("未经本人同意，不公开") if line.name is None else line.name,
        line.phone,
        today(office.starts_at).isoformat(),
        last_day(office.ends_at).isoformat(),
        office.basis,
        gettext("是") if line.crossed else "",
    ]


def file_of(name: str, title: str, headings: list[str], rows: list[list[str]], ending: str) -> Response:
    """A list as an attachment; every cell is text."""
    data = lists.as_csv(headings, rows) if ending == "csv" else lists.as_xlsx(title, headings, rows)
    response = Response(data, mimetype=lists.MEDIA[ending])
    response.headers["Content-Disposition"] = f"attachment; filename={name}.{ending}"
    return response


@blueprint.route("/appoint", methods=["GET", "POST"])
@requires("offices.appoint")
def appoint() -> str | Response:
    form = AppointForm()
    form.offer(POSTS, places.buildings(context.reading(), context.community().id))
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
    return render_template("offices/end.html", form=form, title=in_words(office.post))


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
        title=in_words,
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
            place=form.place,
        )
