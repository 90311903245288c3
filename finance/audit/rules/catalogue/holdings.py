"""Checks of what the funds hold: cash, advances, assets, and money between the funds."""

from finance.audit.rules import holdings
from finance.audit.rules.catalogue.norms import BOOKKEEPING, CASH, FUNDS, TREASURER
from finance.audit.rules.findings import Check
from hoa.kernel.errors import N_

CHECKS: tuple[Check, ...] = (
    Check(
        code="F01",
        id="spent_receipts",
        title=N_("坐支现金"),
        rule=CASH,
        office=TREASURER,
        advice=N_("收到的现金先存入专户，要用时另行提取；说明这一笔为什么没有这样做"),
        run=holdings.spent_receipts,
    ),
    Check(
        code="F03",
        id="never_arrived",
        title=N_("收到的钱没有进登记的专户"),
        rule=CASH,
        office=TREASURER,
        advice=N_("说明钱在哪个账户或哪个人手里，立即转入专户并附回单"),
        run=holdings.never_arrived,
    ),
    Check(
        code="F16",
        id="old_advances",
        title=N_("个人借款长期不还"),
        rule=BOOKKEEPING,
        office=TREASURER,
        advice=N_("催收，或凭发票报销冲抵；收不回的说明原因"),
        run=holdings.old_advances,
    ),
    Check(
        code="F17",
        id="over_float",
        title=N_("库存现金超过限额"),
        rule=CASH,
        office=TREASURER,
        advice=N_("超过限额的部分存入银行"),
        run=holdings.over_float,
    ),
    Check(
        code="F24",
        id="without_card",
        title=N_("固定资产没有卡片或没有盘点"),
        rule=BOOKKEEPING,
        office=TREASURER,
        advice=N_("登记卡片，写明地点和保管人，并盘点一次"),
        run=holdings.without_card,
    ),
    Check(
        code="F26",
        id="mixed_funds",
        title=N_("两笔资金混用"),
        rule=FUNDS,
        office=TREASURER,
        advice=N_("退回原账户；确需转拨的，由业主大会决定后记两张转拨凭证"),
        run=holdings.mixed_funds,
    ),
)
