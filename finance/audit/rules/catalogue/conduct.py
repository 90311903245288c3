"""Checks of how the bodies work: publishing, seals, minutes, terms, earlier findings, ballots."""

from finance.audit.rules import bookkeeping, conduct, disclosure
from finance.audit.rules.catalogue.norms import COMMITTEE
from finance.audit.rules.findings import Check
from hoa.kernel.errors import N_

CHECKS: tuple[Check, ...] = (
    Check(
        code="F06",
        id="publications",
        title=N_("公示迟延或与账不符"),
        rule=N_("民法典第九百四十三条；本小区约定的公示期限"),
        office=COMMITTEE,
        advice=N_("立即补公示；内容有变的重新公示并说明改了什么"),
        run=disclosure.publications,
    ),
    Check(
        code="F22",
        id="seals_without_decision",
        title=N_("用印没有依据的决定"),
        rule=N_("本小区用印管理约定；当地对业主委员会印章的规定"),
        office=COMMITTEE,
        advice=N_("补上当时的决定；没有决定的提请业主委员会追认并公开说明"),
        run=conduct.seals_without_decision,
    ),
    Check(
        code="F23",
        id="minutes",
        title=N_("会议记录缺失、没有签字或到会不足"),
        rule=N_("指导规则关于业主委员会会议和记录的规定"),
        office=COMMITTEE,
        advice=N_("补齐会议记录并由到会委员签字；到会不足作出的决定重新表决"),
        run=conduct.minutes,
    ),
    Check(
        code="F25",
        id="out_of_term",
        title=N_("任期届满后作出的决议"),
        rule=N_("指导规则；业主大会议事规则"),
        office=COMMITTEE,
        advice=N_("由现任委员会重新决定，并说明情况"),
        run=bookkeeping.out_of_term,
    ),
    Check(
        code="F27",
        id="overdue_cases",
        title=N_("以前的问题逾期没有办结"),
        rule=N_("本小区监督质询和整改的期限"),
        office=COMMITTEE,
        advice=N_("立即答复并整改；仍不办理的由监督委员会提请街道办事处处理"),
        run=conduct.overdue_cases,
    ),
    Check(
        code="F29",
        id="ballots",
        title=N_("投票记录里值得核对的迹象"),
        rule=N_("业主大会议事规则关于委托和投票的约定；抽查提示"),
        office=N_("业主大会会议的召集人"),
        advice=N_("按抽样向业主本人核对，确认是本人意愿"),
        run=conduct.ballots,
    ),
)
