"""Drafting an assembly: the few things that every draft says, and folded away, what departs from the pack's defaults
with the clause of the rulebook that allows it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import (
    DateTimeLocalField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import NumberRange, Optional

from hoa.community import pack_choice
from hoa.kernel.clock import CHINA, today
from hoa.kernel.errors import Refusal
from hoa.kernel.packs import RulePack
from hoa.kernel.posts import Post
from hoa.offices.service import posts_held
from hoa.resolutions import rulebooks
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told
from voting import service
from voting.powers import CONVENE
from voting.rules import conveners, local
from voting.rules.counting import Counting
from voting.rules.life import State
from voting.rules.schedule import FORM_TITLES
from voting.service import drafts, terms
from voting.service.terms import Terms
from voting.tables import Assembly
from voting.views.shared import blueprint, find

LOCAL = "%Y-%m-%dT%H:%M"
CLAUSED = ("counting", "proxy_cap", "silent_rule", "extension", "notice_days")


def _clause() -> SelectField:
    return SelectField(lazy_gettext("依据的议事规则条款"), validate_choice=False, default="")


class AssemblyForm(Form):
    title = StringField(lazy_gettext("会议名称"), validators=[required(), at_most(80)])
    form = SelectField(
        lazy_gettext("会议种类"),
        choices=options([(kind.value, lazy_gettext(title)) for kind, title in FORM_TITLES.items()]),
        default="regular",
    )
    convener = SelectField(lazy_gettext("召集人"), validate_choice=False, validators=[required()])
    body = TextAreaField(lazy_gettext("致业主的话"), validators=[required(), at_most(8000)])
    opens = DateTimeLocalField(lazy_gettext("开始表决"), format=LOCAL, validators=[required()])
    closes = DateTimeLocalField(lazy_gettext("截止"), format=LOCAL, validators=[required()])
    channels = SelectMultipleField(
        lazy_gettext("投票方式"),
        choices=options([(code, lazy_gettext(title)) for code, title in local.CHANNELS.items()]),
        validators=[required()],
    )
    counting = SelectField(
        lazy_gettext("一位业主投了几张票时"),
        choices=options(
            [
                (Counting.FIRST.value, lazy_gettext("以第一张为准")),
                (Counting.LAST.value, lazy_gettext("以最后一张为准")),
            ]
        ),
        default=Counting.FIRST.value,
    )
    counting_clause = _clause()
    proxy_cap = IntegerField(
        lazy_gettext("一名代理人最多代理几位业主"),
        validators=[
            Optional(),
            NumberRange(1, local.MOST_PROXIES, message=lazy_gettext("请填 %(min)s 到 %(max)s 之间的整数")),
        ],
    )
    proxy_cap_clause = _clause()
    silent_rule = SelectField(
        lazy_gettext("没有投票的业主"),
        choices=options(
            [
                ("none", lazy_gettext("不计入任何意见（默认）")),
                ("follow-majority", lazy_gettext("从众计票：视为同意多数意见（有争议，另列一个结果）")),
            ]
        ),
        default="none",
    )
    silent_rule_clause = _clause()
    extension = DateTimeLocalField(lazy_gettext("人数不够时，最晚可以延长到"), format=LOCAL, validators=[Optional()])
    extension_clause = _clause()
    notice_days = IntegerField(
        lazy_gettext("公告至少提前几天"),
        validators=[Optional(), NumberRange(1, 180, message=lazy_gettext("请填 %(min)s 到 %(max)s 之间的整数"))],
    )
    notice_days_clause = _clause()

    def values(self) -> dict[str, Any]:
        return {
            "title": self.title.data,
            "convener": self.convener.data,
            "body": self.body.data,
            "opens_at": _aware(self.opens.data),
            "closes_at": _aware(self.closes.data),
            "terms": self.terms(),
        }

    def terms(self) -> Terms:
        return Terms(
            form=self.form.data,
            channels=self.channels.data or (),
            counting=self.counting.data,
            silent_rule=self.silent_rule.data,
            proxy_cap=self.proxy_cap.data,
            notice_days=self.notice_days.data,
            extension_latest=_aware(self.extension.data) if self.extension.data else None,
            clauses={name: self[f"{name}_clause"].data or "" for name in CLAUSED},
        )

    def departs(self, pack: RulePack) -> bool:
        """Whether something in the folded part is not the default, so that it is shown unfolded."""
        return bool(
            self.counting.data != pack.text("counting")
            or self.silent_rule.data != pack.text("silent_rule")
            or self.proxy_cap.data not in (None, pack.number("proxy_cap"))
            or self.extension.data
            or self.notice_days.data
            or any(self[name].errors for name in ("proxy_cap", "notice_days", "extension"))
        )


def _aware(naive: datetime | None) -> datetime:
    assert naive is not None
    return naive.replace(tzinfo=CHINA)


def my_posts() -> frozenset[Post]:
    return posts_held(context.reading(), context.community().id, context.person_id(), context.now())


def _pack() -> RulePack:
    return pack_choice.current(context.reading(), context.community().id, day=today(context.now()))


def _offer(form: AssemblyForm, assembly: Assembly | None) -> AssemblyForm:
    """Fill the lists: as what this person may convene, and the clauses that are in force."""
    names: Sequence[str] = conveners.conveners(my_posts())
    if assembly is not None and assembly.convener not in names:
        names = (*names, assembly.convener)
    form.convener.choices = options([(name, gettext(name)) for name in names])
    _, clauses = rulebooks.citable(context.reading(), context.community().id, on=today(context.now()))
    # The longest texts would make a list that nobody can read on a telephone.
    shown = [(clause.id, f"{clause.id}　{clause.text.splitlines()[0][:24]}") for clause in clauses]
    for name in CLAUSED:
        form[f"{name}_clause"].choices = options([("", gettext("请选择条款")), *shown])
    allowed = _pack().text("channels").split()
    form.channels.choices = options(
        [(code, gettext(title)) for code, title in local.CHANNELS.items() if code in allowed]
    )
    return form


def _show(form: AssemblyForm, assembly: Assembly | None) -> str:
    pack = _pack()
    version = rulebooks.current(context.reading(), context.community().id, "procedure", on=today(context.now()))
    return render_template(
        "voting/edit.html", form=form, assembly=assembly, pack=pack, rulebook=version, unfolded=form.departs(pack)
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(CONVENE)
def new() -> str | Response:
    form = _offer(AssemblyForm(), None)
    if request.method == "GET":
        pack = _pack()
        opens = (context.now() + timedelta(days=pack.number("notice_days") + 1)).replace(hour=9, minute=0)
        form.opens.data, form.closes.data = opens, (opens + timedelta(days=14)).replace(hour=18)
        form.channels.data = [name for name in ("online",) if name in pack.text("channels").split()] or ["paper"]
        form.proxy_cap.data = pack.number("proxy_cap")
    if form.validate_on_submit():
        try:
            posts = my_posts()
            with context.writing() as session:
                assembly = service.create(
                    session,
                    context.community().id,
                    by=context.person_id(),
                    now=context.now(),
                    posts=posts,
                    **form.values(),
                )
            return redirect(url_for("voting.manage", code=assembly.code))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _show(form, None)


@blueprint.route("/<code>/edit", methods=["GET", "POST"])
@requires(CONVENE)
def edit(code: str) -> str | Response:
    assembly = find(code)
    if assembly.step is not State.DRAFT:
        return redirect(url_for("voting.manage", code=code))
    form = _offer(AssemblyForm(obj=assembly), assembly)
    if request.method == "GET":
        form.opens.data, form.closes.data = assembly.opens_at, assembly.closes_at
        form.extension.data = assembly.extension_latest
        form.notice_days.data = terms.longer_notice(assembly)
        for name in CLAUSED:
            form[f"{name}_clause"].data = terms.cited_clause(assembly, name) or ""
    if form.validate_on_submit():
        try:
            posts = my_posts()
            with context.writing() as session:
                drafts.change(
                    session, assembly.community_id, assembly.id, now=context.now(), posts=posts, **form.values()
                )
            return redirect(url_for("voting.manage", code=code))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _show(form, assembly)
