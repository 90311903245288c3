"""The list of automatic checks (rules.md 6.3), and an honest list of those that are not made yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from finance.audit.rules import bank, benford, bookkeeping, conduct, contracts, disclosure, income, payments, shares
from finance.audit.rules.data import PeriodData
from finance.audit.rules.findings import Check, Finding, NotEnough, Parameters, Severity
from hoa.kernel.errors import N_

TREASURER = N_("业主委员会 财务委员")
CHAIR = N_("业主委员会 主任")
COMMITTEE = N_("业主委员会")

_AUTHORITY = N_("业主大会议事规则约定的单笔权限；指导规则")
_DECISION = N_("民法典第二百七十八条；业主大会议事规则")
_BOOKKEEPING = N_("会计基础工作规范；会计法第十四条")
_CONTRACT = N_("民法典第二百八十二条；合同约定")
_BANK = N_("会计法第十七条；内部会计控制规范—货币资金")

CHECKS: tuple[Check, ...] = (
    Check(
        code="F02",
        id="without_invoice",
        title=N_("支出没有发票"),
        rule=_BOOKKEEPING,
        office=TREASURER,
        advice=N_("补齐发票；确实无法取得的，写明原因并由两名委员签字"),
        run=payments.without_invoice,
    ),
    Check(
        code="F04",
        id="over_limit",
        title=N_("单笔支出超过权限"),
        rule=_AUTHORITY,
        office=CHAIR,
        advice=N_("提请业主大会追认，未获追认的由责任人退回"),
        run=payments.over_limit,
    ),
    Check(
        code="F04",
        id="split",
        title=N_("拆分支出"),
        rule=_AUTHORITY,
        office=CHAIR,
        advice=N_("说明为什么分次付款，并提请业主大会追认；以后同一事项合并报批"),
        run=payments.splits,
    ),
    Check(
        code="F04",
        id="over_year",
        title=N_("全年支出超过权限"),
        rule=_AUTHORITY,
        office=CHAIR,
        advice=N_("停止自行决定的支出，就超出部分提请业主大会追认"),
        run=payments.over_year,
    ),
    Check(
        code="F04",
        id="over_resolution",
        title=N_("支出超过决议的额度"),
        rule=_DECISION,
        office=CHAIR,
        advice=N_("停止继续支出，就超出部分提请业主大会决定"),
        run=payments.over_resolution,
    ),
    Check(
        code="F05",
        id="decisions",
        title=N_("支出没有有效的决议"),
        rule=_DECISION,
        office=CHAIR,
        advice=N_("补充当时有效的决议；没有的提请追认"),
        run=payments.decisions,
    ),
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
        code="F07",
        id="related_parties",
        title=N_("关联交易"),
        rule=N_("业主委员会委员承诺书；民法典第二百八十六条"),
        office=CHAIR,
        advice=N_("公开比价和表决经过，有关委员回避；价格不公允的退回差额"),
        run=payments.related_parties,
    ),
    Check(
        code="F08",
        id="overdue_income",
        title=N_("合同收入没有按期足额入账"),
        rule=_CONTRACT,
        office=TREASURER,
        advice=N_("向对方书面催收；已经收到的查明去向并补记"),
        run=income.overdue_income,
    ),
    Check(
        code="F08",
        id="expired_contracts",
        title=N_("合同到期没有续签"),
        rule=_CONTRACT,
        office=CHAIR,
        advice=N_("续签或清退；到期后仍在使用的，按原价补收使用费"),
        run=income.expired_contracts,
    ),
    Check(
        code="F08",
        id="without_contract",
        title=N_("收入没有合同"),
        rule=_CONTRACT,
        office=TREASURER,
        advice=N_("补登合同，没有合同的与对方补签"),
        run=income.without_contract,
    ),
    Check(
        code="F09",
        id="without_decision",
        title=N_("经营共有部分没有业主大会决议"),
        rule=N_("民法典第二百七十八条第一款第八项"),
        office=CHAIR,
        advice=N_("就这项经营提请业主大会表决（M8）"),
        run=income.without_decision,
    ),
    Check(
        code="F10",
        id="without_tax",
        title=N_("收入没有开票或计税"),
        rule=N_("发票管理办法；增值税的有关规定"),
        office=TREASURER,
        advice=N_("补开发票；免税或不征税的，在合同里写明依据"),
        run=contracts.without_tax,
    ),
    Check(
        code="F11",
        id="numbers",
        title=N_("凭证缺号或重号"),
        rule=_BOOKKEEPING,
        office=TREASURER,
        advice=N_("说明缺号、重号的原因，附作废凭证"),
        run=bookkeeping.numbers,
    ),
    Check(
        code="F11",
        id="back_dated",
        title=N_("疑似倒签凭证"),
        rule=_BOOKKEEPING,
        office=TREASURER,
        advice=N_("说明迟记的原因，并附当时的原始单据"),
        run=bookkeeping.back_dated,
    ),
    Check(
        code="F11",
        id="after_close",
        title=N_("结账后记账"),
        rule=_BOOKKEEPING,
        office=TREASURER,
        advice=N_("查明是谁、怎样绕过了结账"),
        run=bookkeeping.after_close,
    ),
    Check(
        code="F12",
        id="red_vouchers",
        title=N_("红字凭证没有对应的原凭证"),
        rule=_BOOKKEEPING,
        office=TREASURER,
        advice=N_("写明所冲销的凭证号"),
        run=bookkeeping.red_vouchers,
    ),
    Check(
        code="F13",
        id="separation",
        title=N_("不相容职务没有分开"),
        rule=N_("会计法第二十五条、第三十五条"),
        office=CHAIR,
        advice=N_("由另一位委员重新复核，并调整分工"),
        run=bookkeeping.separation,
    ),
    Check(
        code="F14",
        id="not_reconciled",
        title=N_("没有按月对账结账"),
        rule=_BANK,
        office=TREASURER,
        advice=N_("补编余额调节表并结账"),
        run=bank.not_reconciled,
    ),
    Check(
        code="F14",
        id="unexplained_lines",
        title=N_("银行流水没有对应的凭证"),
        rule=_BANK,
        office=TREASURER,
        advice=N_("查明这笔款项的去向或来源，补记凭证"),
        run=bank.unexplained_lines,
    ),
    Check(
        code="F14",
        id="unexplained_vouchers",
        title=N_("凭证没有对应的银行流水"),
        rule=_BANK,
        office=TREASURER,
        advice=N_("核对这笔款项是否真的收付，未收付的冲销"),
        run=bank.unexplained_vouchers,
    ),
    Check(
        code="F14",
        id="broken_balances",
        title=N_("银行流水余额接不上"),
        rule=_BANK,
        office=TREASURER,
        advice=N_("向银行重新打印这一段流水并导入"),
        run=bank.broken_balances,
    ),
    Check(
        code="F14",
        id="uncovered_days",
        title=N_("银行流水有缺口"),
        rule=_BANK,
        office=TREASURER,
        advice=N_("导入缺少日期的银行流水"),
        run=bank.uncovered_days,
    ),
    Check(
        code="F18",
        id="duplicate_invoice",
        title=N_("同一张发票重复付款"),
        rule=_BOOKKEEPING,
        office=TREASURER,
        advice=N_("核对发票原件；重复付款的追回"),
        run=payments.duplicate_invoices,
    ),
    Check(
        code="F18",
        id="repeated_amount",
        title=N_("短期内向同一对方付相同金额"),
        rule=_BOOKKEEPING,
        office=TREASURER,
        advice=N_("逐笔核对单据，确认不是重复"),
        run=payments.repeated_amounts,
    ),
    Check(
        code="F18",
        id="round_amounts",
        title=N_("整数金额"),
        rule=N_("抽查提示，不是违规"),
        office=TREASURER,
        advice=N_("抽查其中几笔的发票和验收单"),
        run=payments.round_amounts,
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
        code="F28",
        id="single_source",
        title=N_("单一来源的合同超过限额"),
        rule=N_("业主大会议事规则；比价是业主委员会的勤勉义务"),
        office=CHAIR,
        advice=N_("公开为什么不比价；下一期重新比价或招标"),
        run=contracts.single_source,
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
    Check(
        code="F15",
        id="allowances",
        title=N_("津贴超过标准或任期外领取"),
        rule=N_("业主大会关于津贴标准的决议；指导规则第四十二条"),
        office=TREASURER,
        advice=N_("核对任职和标准，多领的退回工作经费"),
        run=shares.allowances,
    ),
    Check(
        code="F19",
        id="topup",
        title=N_("补充维修资金不足"),
        rule=N_("物业管理条例第五十四条；当地规定或业主大会决议"),
        office=TREASURER,
        advice=N_("把差额转入专项维修资金，并取得到账证明"),
        run=shares.topup,
    ),
    Check(
        code="F20",
        id="distributions",
        title=N_("分配与决议不符"),
        rule=N_("民法典第二百七十八条、第二百八十三条；业主大会决议"),
        office=CHAIR,
        advice=N_("停止付款，按决议重新核对业主清单；多付的追回"),
        run=shares.distributions,
    ),
    Check(
        code="F21",
        id="fee_items",
        title=N_("物业费项目列入公共收益"),
        rule=N_("物业服务合同；民法典第二百八十二条"),
        office=TREASURER,
        advice=N_("由物业服务企业承担，已经付的退回公共收益"),
        run=shares.fee_items,
    ),
    Check(
        code="F30",
        id="first_digits",
        title=N_("首位数字分布"),
        rule=N_("抽查提示，不是违规"),
        office=TREASURER,
        advice=N_("扩大抽查范围"),
        run=benford.first_digits,
    ),
)

# What the books do not hold yet, so that nobody takes silence for a clean result.
NOT_MADE: tuple[tuple[str, str], ...] = (
    ("F01", N_("坐支：账上只有银行账户，不记现金，无从检查")),
    ("F03", N_("公款私存：账外的个人账户不在本系统里")),
    ("F16", N_("个人借款：账上没有个人往来")),
    ("F17", N_("库存现金：账上不记现金")),
    ("F24", N_("资产：还没有固定资产卡片")),
    ("F26", N_("资金混用：目前只有公共收益一本账")),
)

_ORDER = {Severity.HIGH: 0, Severity.MEDIUM: 1, Severity.LOW: 2}


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """A check with what came of it; `not_enough` says why it could not judge."""

    check: Check
    findings: tuple[Finding, ...] = ()
    not_enough: NotEnough | None = None


def run_all(data: PeriodData, parameters: Parameters) -> tuple[CheckResult, ...]:
    """Every check, in the order of the list."""
    results = []
    for check in CHECKS:
        outcome = check.run(data, parameters)
        if isinstance(outcome, NotEnough):
            results.append(CheckResult(check=check, not_enough=outcome))
        else:
            results.append(CheckResult(check=check, findings=tuple(outcome)))
    return tuple(results)


def in_order(results: Sequence[CheckResult]) -> list[tuple[Check, Finding]]:
    """All findings, the severe and large ones first: the order in which they are numbered."""
    found = [(result.check, finding) for result in results for finding in result.findings]
    return sorted(found, key=lambda item: (_ORDER[item[1].severity], item[1].code, -item[1].amount_fen, item[1].key))
