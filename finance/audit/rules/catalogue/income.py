"""Checks of what comes in from the use of common parts."""

from finance.audit.rules import income
from finance.audit.rules.catalogue.norms import CHAIR, CONTRACT, TREASURER
from finance.audit.rules.findings import Check
from hoa.kernel.errors import N_

CHECKS: tuple[Check, ...] = (
    Check(
        code="F08",
        id="overdue_income",
        title=N_("合同收入没有按期足额入账"),
        rule=CONTRACT,
        office=TREASURER,
        advice=N_("向对方书面催收；已经收到的查明去向并补记"),
        run=income.overdue_income,
    ),
    Check(
        code="F08",
        id="expired_contracts",
        title=N_("合同到期没有续签"),
        rule=CONTRACT,
        office=CHAIR,
        advice=N_("续签或清退；到期后仍在使用的，按原价补收使用费"),
        run=income.expired_contracts,
    ),
    Check(
        code="F08",
        id="without_contract",
        title=N_("收入没有合同"),
        rule=CONTRACT,
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
)
