"""The rule pack of this community, value by value with its source and whether anybody read that source; and choosing
another."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField

from hoa.community import pack_choice
from hoa.kernel import packs
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.packs import RulePack
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told
from voting.powers import CHOOSE_PACK
from voting.rules.local import CHANNELS
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
    "preparatory_trigger": N_("筹备首次业主大会的条件：已交付面积占比"),
    "preparatory_request_percent": N_("提出筹备的业主（百分之，零为不限）"),
    "preparatory_form_days": N_("提出后组成筹备组的天数"),
    "preparatory_announce_days": N_("筹备组成员名单公告的天数"),
    "preparatory_publish_days": N_("首次会议前公告筹备内容的天数"),
    "preparatory_review_days": N_("核实筹备申请的天数（零为没有规定）"),
    "preparatory_developer_most": N_("筹备组里建设单位代表最多几人"),
    "preparatory_party": N_("党组织参加筹备组"),
    "first_assembly_days": N_("筹备组成立到首次会议的天数"),
    "committee_seats_min": N_("业主委员会最少名额"),
    "committee_seats_max": N_("业主委员会最多名额"),
    "committee_seats_small": N_("较小小区的名额（零为没有例外）"),
    "committee_small_heads": N_("较小小区：不超过的户数（零为不按户数）"),
    "committee_small_area": N_("较小小区：不超过的面积（0.01 ㎡，零为不按面积）"),
    "committee_term_min_years": N_("业主委员会任期最短年数"),
    "committee_term_max_years": N_("业主委员会任期最长年数"),
    "candidate_publish_days": N_("选举前公布候选人的天数"),
    "candidate_display_days": N_("候选人名单公示的天数"),
    "election_approve_at_most": N_("一张选票最多同意几人"),
    "election_rank": N_("当选的排序"),
    "alternates_max_percent": N_("候补委员人数上限（委员人数的百分之）"),
    "supervisors_seats_min": N_("业主监督委员会最少名额"),
    "supervisors_seats_max": N_("业主监督委员会最多名额"),
    "joint_nomination_heads": N_("联名推荐候选人的业主人数"),
    "candidate_appeal_days": N_("候选人审查未通过后申诉的天数"),
    "first_meeting_days": N_("选出后召开首次委员会会议的天数"),
    "committee_post_days": N_("委员会决定公布的天数"),
    "filing_days": N_("选出后备案的天数"),
    "filing_answer_working_days": N_("备案答复的工作日（零为没有规定）"),
    "meeting_interval_months": N_("委员会会议最长间隔（月）"),
    "meeting_request_days": N_("委员提议后召开会议的天数"),
    "meeting_agenda_days": N_("委员会会议前公告议程的天数"),
    "meeting_tell_days": N_("委员会会议前告知居民委员会的天数"),
    "committee_limits": N_("业主委员会自行决定的限额"),
    "seal_publication_months": N_("用印情况公示间隔（月，零为没有规定）"),
    "seal_consent": N_("一次用印的依据"),
    "absence_percent": N_("一年缺席会议达到百分之几提请罢免"),
    "recall_owners_percent": N_("提议罢免的业主（百分之）"),
    "recall_members_share": N_("提议罢免的委员占比"),
    "recall_defence_days": N_("被提议罢免的人申辩的天数"),
    "recall_suspension": N_("罢免表决以前暂停履行职责"),
    "alternate_answer_days": N_("候补委员答复是否递补的天数"),
    "leaving_handover_days": N_("离任委员移交的天数"),
    "committee_handover_days": N_("任期届满后移交的天数"),
    "reelection_lead_months": N_("任期届满前开始换届的月数"),
    "reelection_group_days": N_("换届小组成立的天数"),
    "report_display_days": N_("审计、监督报告的公示天数"),
    "audit_repeat_days": N_("监督：同一对方相同金额的间隔天数"),
    "audit_split_days": N_("监督：拆分支出的天数"),
    "audit_split_share_percent": N_("监督：拆分支出每笔占权限的百分之"),
    "audit_backdated_days": N_("监督：迟记账超过几天算倒签"),
    "audit_overdue_days": N_("监督：合同收入迟到几天算逾期"),
    "audit_bank_open_days": N_("监督：银行未达账项的天数"),
    "audit_close_days": N_("监督：月末后几天应当结账"),
    "audit_display_days": N_("监督：公示期最短天数"),
    "audit_round_fen": N_("监督：整数金额的倍数（分）"),
    "audit_benford_minimum": N_("监督：首位数字检验最少笔数"),
    "audit_benford_critical_milli": N_("监督：首位数字检验的临界值（千分之一）"),
    "supervision_question_working_days": N_("监督质询答复的工作日"),
    "supervision_finding_working_days": N_("监督发现的问题整改的工作日"),
    "supervision_feedback_days": N_("离任审计征求意见的天数"),
    "audit_device_units": N_("监督：同一设备投票的房屋套数"),
    "audit_burst_minutes": N_("监督：截止前集中投票的分钟数"),
    "audit_burst_percent": N_("监督：截止前集中投票占全部的百分之"),
    "audit_quotes_min": N_("监督：比价至少几家"),
    "audit_single_source_fen": N_("监督：不比价的合同总额上限（分）"),
    "publication_display_days": N_("账目公示的天数"),
    "publication_annual_days": N_("年度账目公示：年末后几天内"),
    "publication_half_year_days": N_("半年账目公示：半年末后几天内"),
    "inspection_working_days": N_("查阅申请答复的工作日"),
    "inspection_open_days": N_("查阅申请：一次最多开放的天数"),
    "rent_reminder_days": N_("合同款到期前几天提醒"),
    "contract_expiry_days": N_("合同到期前几天提醒"),
    "contract_expiry_again_days": N_("合同到期前几天再次提醒"),
    "two_approvals_above_fen": N_("超过这个金额（分）的支出由两人复核（零为不要求）"),
    "three_approvals_above_fen": N_("超过这个金额（分）的支出由三人复核（零为不要求）"),
    "cash_float_fen": N_("库存现金限额（分）"),
    "cash_settlement_fen": N_("现金支付的结算起点（分）"),
    "min_topup_rule": N_("公共收益补充维修资金的规定"),
    "min_topup_percent": N_("公共收益补充维修资金的比例（百分之，零为没有固定比例）"),
    "allowance_tax_from_fen": N_("津贴超过多少分预扣个人所得税"),
    "annual_report_supervisor_by": N_("年度报告报业务主管单位的最后一天（月日，331 即 3 月 31 日）"),
    "annual_report_registrar_by": N_("年度报告报登记管理机关的最后一天（月日，531 即 5 月 31 日）"),
    "audit_burst_minimum": N_("监督：判断集中投票的最少票数"),
    "retention_vouchers_years": N_("会计凭证保管的年数"),
    "retention_ledgers_years": N_("会计账簿保管的年数"),
    "retention_statements_years": N_("月度、季度、半年度财务报告保管的年数"),
    "retention_bank_years": N_("银行对账单和余额调节表保管的年数"),
    "retention_handover_years": N_("会计档案移交清册保管的年数"),
    "recall_collect_days": N_("罢免提议联名的最长天数"),
    "audit_advance_days": N_("监督：个人借款多少天要归还"),
    "audit_arrival_days": N_("监督：收到的钱多少天内应进专户"),
    "audit_inventory_months": N_("监督：固定资产多少个月盘点一次"),
    "engagement_days": N_("第三方审计一次最多开放的天数"),
    "suggestion_triage_working_days": N_("诉求收到后几个工作日内梳理"),
    "suggestion_working_days": N_("诉求交办后几个工作日内办结"),
    "suggestion_13710_plan_working_days": N_("13710：几个工作日内提出方案"),
    "suggestion_13710_report_working_days": N_("13710：几个工作日内报告进展"),
    "suggestion_13710_resolve_working_days": N_("13710：一般事项几个工作日内办结"),
    "suggestion_13710_major_months": N_("13710：重大事项几个月内办结"),
    "suggestion_escalation_1": N_("诉求逾期几个工作日报网格"),
    "suggestion_escalation_2": N_("诉求逾期几个工作日报社区"),
    "suggestion_escalation_3": N_("诉求逾期几个工作日报街道"),
    "suggestion_remind_working_days": N_("诉求到期前几个工作日提醒承办单位"),
    "suggestion_rating_days": N_("反馈结果后几天内评价"),
    "suggestion_reopen_days": N_("反馈结果后几天内可以要求重办"),
    "topic_comment_days": N_("议题征求意见的最少工作日"),
    "suggestion_reporter_kept_days": N_("诉求办结多少天后删除提出人的姓名和电话"),
}
WORDS = {
    "first": N_("以第一张为准"),
    "last": N_("以最后一张为准"),
    "none": N_("不计入任何意见"),
    "V2": N_("两人当面核验证件（V2）"),
    "more-than-half": N_("超过一半"),
    "half": N_("一半以上"),
    "seats": N_("不超过应选名额"),
    "heads-area-lot": N_("先比同意人数，再比同意面积，仍相同的公开抽签"),
    "rulebook": N_("由议事规则授权"),
    "forbidden": N_("不得授权"),
    "decision": N_("一项决定"),
    "members": N_("一项决定和过半数委员签字"),
    "invited": N_("应当邀请，缺少要写明理由"),
    "optional": N_("可以参加"),
    "allowed": N_("可以"),
    "not-allowed": N_("不可以"),
    "1/3": N_("三分之一"),
    "topup-free": N_("没有固定比例，由业主大会决定"),
    "topup-more-than": N_("超过这个比例"),
    "topup-if-low": N_("维修资金不足首期三成时不低于这个比例"),
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
