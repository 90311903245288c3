"""Charts of accounts as data: keyed by regime and code, asked for by semantic role (rules.md 5.1, 5.2).

Codes change their meaning between the 2004 and the 2024 regime (5201, 5301, 5401, 1701), so nothing outside this
module may know a code: everything asks for the account that plays a role.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from hoa.kernel.errors import N_, Refusal

TRUST = "trust"
WORK = "work"
TRUST_BANK = "trust_bank"
UNALLOCATED = "unallocated"
# Where the money of each fund lies: the roles of its account at the bank and of its cash box.
BANK_ROLES: Mapping[str, str] = {TRUST: TRUST_BANK, WORK: "bank"}
CASH_ROLES: Mapping[str, str] = {TRUST: "trust_cash", WORK: "cash"}

# The kinds of accounts, in the order a chart lists them.
ACCOUNT_KINDS: Mapping[str, str] = {
    "asset": N_("资产"),
    "liability": N_("负债"),
    "net_assets": N_("净资产"),
    "income": N_("收入"),
    "expense": N_("费用"),
}
# R4.2: the kinds of common revenue. The words on screen; the chart carries the account names of the law.
SOURCES: Mapping[str, str] = {
    "CR01": N_("公共道路、场地停车"),
    "CR02": N_("电梯、大堂、外墙广告"),
    "CR03": N_("场地、摊位租金"),
    "CR04": N_("通信基站"),
    "CR05": N_("快递柜、售货机、饮水机"),
    "CR06": N_("充电桩场地费"),
    "CR07": N_("公共用房租金"),
    "CR08": N_("会所、泳池、体育场馆"),
    "CR09": N_("废品回收"),
    "CR10": N_("设备间与光纤接入"),
    "CR11": N_("赔偿、违约金、残值"),
    "CR12": N_("存款利息"),
    "CR13": N_("捐赠、补助"),
    "CR99": N_("其他公共收益"),
}
# R4.4: what common revenue is spent on.
USES: Mapping[str, str] = {
    "U1": N_("补充维修资金"),
    "U2": N_("冲抵物业费"),
    "U3": N_("分配给业主"),
    "U4": N_("转入工作经费"),
    "U5": N_("共有部分维修养护"),
    "U6": N_("审计与代理记账"),
    "U7": N_("社区活动"),
}


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account (科目) of a chart. `design` marks sub-accounts that are ours and not the ministry's."""

    code: str
    name: str
    kind: str
    role: str
    design: bool

    @property
    def purpose(self) -> str | None:
        """The source (CR01 …) or use (U1 …) this account collects, if it is one of those."""
        group, _, code = self.role.partition(".")
        return code if group in ("income", "use") and code in (*SOURCES, *USES) else None


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The accounts of one regime, with where they were read and whether anyone compared them
    with the official annex.
    """

    regime: str
    source: str
    verified: bool
    accounts: tuple[Account, ...]

    def by_code(self, code: str) -> Account:
        """The account with this code, or UnknownAccount."""
        for account in self.accounts:
            if account.code == code:
                return account
        raise UnknownAccount(code=code, regime=self.regime)

    def by_role(self, role: str) -> Account:
        """The one account that plays this role."""
        return next(account for account in self.accounts if account.role == role)

    def is_leaf(self, code: str) -> bool:
        """Whether no other account is a part of this one."""
        return not any(account.code.startswith(code + ".") for account in self.accounts)

    def holds(self, fund: str, code: str) -> bool:
        """Whether an account belongs to a fund: what is held in trust and what is owed for it, or all the rest."""
        trust = [self.by_role(role).code for role in ("trust_assets", "trust_liabilities")]
        in_trust = any(code == root or code.startswith(root + ".") for root in trust)
        return in_trust if fund == TRUST else not in_trust

    def leaves(self, fund: str) -> tuple[Account, ...]:
        """The accounts of a fund that entries are written to."""
        return tuple(a for a in self.accounts if self.is_leaf(a.code) and self.holds(fund, a.code))

    def full_name(self, code: str) -> str:
        """The name with its parent's name before it: 受托代理资产—公共收益专户."""
        account = self.by_code(code)
        parent, dot, _ = code.rpartition(".")
        return f"{self.by_code(parent).name}—{account.name}" if dot else account.name


class UnknownAccount(Refusal):
    message = N_("%(regime)s 年科目表里没有科目 %(code)s，请从列表中选择")


class UnknownPurpose(Refusal):
    message = N_("不认识的收入来源或用途 %(purpose)s，请从列表中选择")


@cache
def load_chart(regime: str) -> Chart:
    """The chart of a regime, from the data files that ship with the program."""
    raw = json.loads((resources.files("finance") / "charts" / f"{regime}.json").read_text(encoding="utf-8"))
    return Chart(
        regime=raw["regime"],
        source=raw["source"],
        verified=raw["verified"],
        accounts=tuple(Account(**account) for account in raw["accounts"]),
    )


def purpose_role(purpose: str) -> str:
    """The role of the account that collects a source or a use."""
    if purpose in SOURCES:
        return f"income.{purpose}"
    if purpose in USES:
        return f"use.{purpose}"
    raise UnknownPurpose(purpose=purpose)


def purpose_name(purpose: str) -> str:
    """The message id a source or use is shown with."""
    return SOURCES.get(purpose) or USES[purpose]
