"""The year's budget as the assembly adopted it, a fee subsidy whose list waits for its check, and what the property fee
covers. Nothing here moves a fen: the books' figures stay as they are.
"""

from collections.abc import Mapping
from datetime import date, datetime

from finance.shares.rules.budgets import BudgetLine
from finance.shares.rules.runs import RunKind
from finance.shares.service import budgets, fee_items, runs
from finance.shares.service.runs import RunFields
from hoa.kernel.clock import CHINA
from hoa.platform import Platform

YEAR = 2026
ADOPTED = datetime(YEAR, 1, 3, 20, 0, tzinfo=CHINA)
COMPANY = "晴川物业服务有限公司（演示）"
# In fen, by the account's role. Income adds up to the resolution's 336,000.00, and spending does not exceed it.
INCOME = {
    "income.CR01": 17_670_000,
    "income.CR02": 6_600_000,
    "income.CR04": 2_000_000,
    "income.CR05": 1_500_000,
    "income.CR06": 2_000_000,
    "income.CR07": 3_600_000,
    "income.CR09": 100_000,
    "income.CR12": 130_000,
}
SPENDING = {"use.U1": 16_800_000, "use.U2": 3_000_000, "use.U5": 9_600_000, "use.U6": 3_600_000, "use.U7": 600_000}
COVERED = (("楼道和公共区域保洁", "保洁，清扫，垃圾清运"), ("门岗和秩序维护", "保安，门岗，秩序维护"))


def build(platform: Platform, community_id: str, people: Mapping[str, str], decisions: Mapping[str, str]) -> None:
    """Write all of it as the treasurer would."""
    with platform.database.writing() as session:
        draft = budgets.begin(session, community_id, kind="trust", year=YEAR, by=people["treasurer"], now=ADOPTED)
        lines = [
            BudgetLine(role=role, name=role, income=role in INCOME, planned_fen=fen)
            for role, fen in {**INCOME, **SPENDING}.items()
        ]
        budgets.save(
            session, community_id, budget_id=draft.id, lines=lines, note="", by=people["treasurer"], now=ADOPTED
        )
        budgets.adopt(
            session,
            community_id,
            budget_id=draft.id,
            resolution_id=decisions["budget"],
            by=people["treasurer"],
            now=ADOPTED,
        )
        for title, words in COVERED:
            fee_items.add(
                session,
                community_id,
                title=title,
                words=words,
                company=COMPANY,
                from_on=date(YEAR - 1, 1, 1),
                until_on=None,
                by=people["treasurer"],
                now=ADOPTED,
            )
    with platform.database.writing() as session:
        now = platform.now()
        run = runs.open_run(
            session,
            community_id,
            fields=RunFields(
                kind=RunKind.SUBSIDY,
                title="2026 年冲抵物业费",
                payee=COMPANY,
                resolution_id=decisions["budget"],
                total_fen=SPENDING["use.U2"],
                record_on=date(YEAR, 9, 30),
            ),
            by=people["treasurer"],
            now=now,
        )
        runs.freeze(session, community_id, run_id=run.id, by=people["treasurer"], now=now)
