"""The rule pack of this community, value by value with its source and whether anybody read that source; and choosing
another."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField

from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told
from voting.powers import CHOOSE_PACK
from voting.rules import packs
from voting.rules.local import CHANNELS
from voting.rules.packs import RulePack
from voting.service import pack_choice
from voting.views.shared import blueprint

TITLES = {
    "notice_days": N_("公告提前天数"),
    "extraordinary_notice_days": N_("临时会议公告提前天数"),
    "window_min_days": N_("表决期最短天数"),
    "window_max_days": N_("表决期最长天数"),
    "request_percent": N_("提议召开临时会议的业主人数（百分之）"),
    "request_answer_days": N_("提议达到人数后答复的天数"),
    "announce_days": N_("截止后公布结果的天数"),
    "channels": N_("允许的投票方式"),
    "regular_meetings_a_year": N_("每年至少几次定期会议"),
    "identity_level": N_("投票前的身份核验"),
    "counting": N_("重复投票"),
    "receipt_due_minutes": N_("收到的票写入日志的分钟数"),
    "silent_rule": N_("没有投票的业主"),
    "sample_size": N_("计票前抽样核对的人数"),
    "proxy_cap": N_("一名代理人最多代理几位业主"),
}
WORDS = {
    "first": N_("以第一张为准"),
    "last": N_("以最后一张为准"),
    "none": N_("不计入任何意见"),
    "V2": N_("两人当面核验证件（V2）"),
}


class PackForm(Form):
    pack = SelectField(lazy_gettext("规则包"))
    reason = StringField(lazy_gettext("理由"), validators=[required(), at_most(200)])


def shown_value(value: int | str) -> str:
    """A pack's value in the reader's words."""
    if isinstance(value, int):
        return str(value)
    if value in WORDS:
        return str(gettext(WORDS[value]))
    return "、".join(gettext(CHANNELS[word]) for word in value.split())


def _form() -> PackForm:
    form = PackForm()
    day = today(context.now())
    form.pack.choices = options([(pack.code, pack.title) for pack in packs.all_packs() if pack.holds_on(day)])
    return form


@blueprint.get("/rules")
@public
def pack_page() -> str:
    """The pack in force here, or another one to look at (`?pack=cn-beijing`)."""
    day = today(context.now())
    here = pack_choice.current(context.reading(), context.community().id, day=day)
    asked = request.args.get("pack")
    form = _form()
    form.pack.data = here.code
    return _page(here, packs.pack(asked, day=day) if asked else here, form)


@blueprint.post("/rules")
@requires(CHOOSE_PACK)
def choose_pack() -> str | Response:
    form = _form()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                pack_choice.choose(
                    session,
                    context.community().id,
                    code=form.pack.data,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
            flash(gettext("已改用这个规则包；已公告的会议不受影响"), "ok")
            return redirect(url_for("voting.pack_page"))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    here = pack_choice.current(context.reading(), context.community().id, day=today(context.now()))
    return _page(here, here, form)


def _page(here: RulePack, pack: RulePack, form: PackForm) -> str:
    day = today(context.now())
    return render_template(
        "voting/pack.html",
        here=here,
        pack=pack,
        others=[one for one in packs.all_packs() if one.holds_on(day) and one.code != pack.code],
        rows=[(TITLES[name], shown_value(parameter.value), parameter) for name, parameter in pack.parameters.items()],
        history=pack_choice.history(context.reading(), context.community().id),
        form=form,
        may_choose=context.may(CHOOSE_PACK),
    )
