"""Whatever takes money out of the fund is looked at as a payment, over the amount that stands in the end."""

from dataclasses import replace
from datetime import date

from finance.audit.collect import collect
from finance.audit.rules import bookkeeping, payments
from finance.audit.rules.findings import Parameters
from finance.rules.contracts import Direction, Frequency
from finance.rules.ledger import Line, VoucherKind
from finance.service import contracts, vouchers
from finance.service.contracts import ContractFields
from hoa.platform import Platform
from tests.audit_facts import DEFAULTS
from tests.integration.finance.scene import PAYMENT, Scene, open_books

DAY = date(2026, 9, 20)


RENT = ContractFields(
    direction=Direction.INCOME,
    title="电梯广告",
    common_part="1–6 幢电梯轿厢",
    party="甲广告公司",
    purpose="CR02",
    frequency=Frequency.QUARTERLY,
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    first_due_on=date(2026, 1, 15),
    amount_fen=1_000_000,
    resolution_id="",
    procurement="三家比选",
    related_party="",
)


def put_right(scene: Scene, voucher_id: str, right_fen: int) -> None:
    with scene.platform.database.writing() as session:
        by, now = scene.people["treasurer"], scene.platform.now()
        row = vouchers.difference(
            session,
            scene.community,
            voucher_id=voucher_id,
            right_fen=right_fen,
            day=DAY,
            reason="金额写错",
            by=by,
            now=now,
        )
        difference = row.id
    for verb, by in (("submit", "treasurer"), ("approve", "chair"), ("post", "deputy")):
        scene.step(verb, difference, by)


def found(scene: Scene, parameters: Parameters = DEFAULTS) -> tuple[list[int], list[int], list[str]]:
    """(amounts of payments, amounts above the limit, red vouchers without an original)."""
    now = scene.platform.now()
    with scene.platform.database.reading() as session:
        data = collect(session, scene.community, start=date(2026, 1, 1), end=DAY, as_of=now.date())
    return (
        sorted(voucher.amount_fen for voucher in data.payments),
        sorted(finding.amount_fen for finding in payments.over_limit(data, parameters)),
        [finding.key for finding in bookkeeping.red_vouchers(data, parameters)],
    )


def test_a_payment_split_into_a_voucher_and_a_difference_or_written_as_entries_is_still_one(platform: Platform):
    scene = open_books(platform)
    scene.posted(amount_fen=5_000_000)
    paid = scene.posted(PAYMENT, amount_fen=400_000)
    assert found(scene) == ([400_000], [], [])
    put_right(scene, paid, 500_001)
    assert found(scene) == ([500_001], [500_001], [])
    put_right(scene, paid, 500_000)
    assert found(scene) == ([500_000], [], []), "a difference in red names what it puts right"
    with platform.database.reading() as session:
        lines = vouchers.lines_of(session, vouchers.vouchers(session, scene.community)[-1])
    codes = {line.account for line in lines}
    assert len(codes) == 2
    bank = next(code for code in sorted(codes) if code.startswith("1"))
    use = next(code for code in sorted(codes) if code != bank)
    written = (Line(account=use, debit_fen=123_456), Line(account=bank, credit_fen=123_456))
    scene.posted(PAYMENT, kind=VoucherKind.JOURNAL, lines=written, purpose=None)
    assert found(scene) == ([123_456, 500_000], [], [])


def test_an_instalment_that_a_red_difference_made_smaller_is_short_by_it(platform: Platform):
    scene = open_books(platform)
    with platform.database.writing() as session:
        fields = replace(RENT, resolution_id=scene.assembly)
        by, now = scene.people["chair"], platform.now()
        contract = contracts.make(session, scene.community, fields=fields, by=by, now=now).id

    def settled() -> int:
        with platform.database.reading() as session:
            (view,) = contracts.views(session, scene.community, today=DAY)
            return view.dues[0].settled_fen

    due = {"contract_id": contract, "due_no": 1, "purpose": "CR02", "party": RENT.party}
    paid = scene.posted(amount_fen=1_000_000, **due)
    assert settled() == 1_000_000
    put_right(scene, paid, 999_999)
    assert settled() == 999_999
    put_right(scene, paid, 1_000_001)
    assert settled() == 1_000_001
