"""A community with its offices, an open book and an account: what tests of the books begin with."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from finance.rules.ledger import VoucherKind
from finance.service import books, documents, vouchers
from finance.service.vouchers import VoucherFields
from finance.tables import Voucher
from hoa.demo import papers
from hoa.demo import people as cast
from hoa.platform import Platform
from hoa.resolutions import authority
from hoa.resolutions import service as resolutions
from tests.integration.people import a_community

RECEIPT = VoucherFields(
    kind=VoucherKind.RECEIPT,
    day=date(2026, 9, 15),
    summary="公共用房租金 9月",
    party="渝璧甲商贸有限公司",
    amount_fen=300_000,
    purpose="CR07",
)
PAYMENT = VoucherFields(
    kind=VoucherKind.PAYMENT,
    day=date(2026, 9, 20),
    summary="垃圾房维修",
    party="顺发建材经营部",
    amount_fen=260_000,
    purpose="U5",
    grounds="常规授权",
    invoice_no="77",
)


@dataclass(frozen=True)
class Scene:
    platform: Platform
    community: str
    people: Mapping[str, str]
    assembly: str
    committee: str

    def draft(self, fields: VoucherFields = RECEIPT, *, paper: bool = True, **changes: object) -> str:
        """The id of a new draft, with a document under it."""
        with self.platform.database.writing() as session:
            fields = replace(fields, **changes)  # type: ignore[arg-type]
            row = vouchers.draft(
                session, self.community, fields=fields, by=self.people["treasurer"], now=self.platform.now()
            )
            if paper:
                self._attach(session, row.id)
            return row.id

    def _attach(self, session, voucher_id: str) -> None:
        stored = documents.store(
            session,
            self.platform.files,
            self.community,
            name="发票.pdf",
            data=papers.paper("发票", (voucher_id,)),
            kind="invoice",
            by=self.people["treasurer"],
            now=self.platform.now(),
        )
        documents.attach_to_voucher(session, self.community, document_id=stored.id, voucher_id=voucher_id)

    def step(self, verb: str, voucher_id: str, by: str, **more: object) -> Voucher:
        """One step of a voucher's life, by one of the people."""
        with self.platform.database.writing() as session:
            act = getattr(vouchers, verb)
            return act(
                session,
                self.community,
                voucher_id=voucher_id,
                by=self.people[by],
                now=self.platform.now(),
                **more,
            )

    def approved(self, fields: VoucherFields = RECEIPT, **changes: object) -> str:
        voucher_id = self.draft(fields, **changes)
        self.step("submit", voucher_id, "treasurer")
        self.step("approve", voucher_id, "chair")
        return voucher_id

    def posted(self, fields: VoucherFields = RECEIPT, **changes: object) -> str:
        voucher_id = self.approved(fields, **changes)
        self.step("post", voucher_id, "deputy")
        return voucher_id


def open_books(platform: Platform, *, opened_on: date = date(2026, 1, 1), work: bool = False) -> Scene:
    """A new community whose book begins on a day with nothing; `work`: the work fund's book too, without an account."""
    community = a_community(platform)
    people = cast.settle(platform, community, now=cast.TERM[0])
    with platform.database.writing() as session:
        book = books.open_book(
            session, community, opened_on=opened_on, limits_source="议事规则第二十一条", publish_within_days=25
        )
        if work:
            books.open_book(session, community, kind=books.WORK, opened_on=opened_on, limits_source="业主大会决议")
        books.open_bank_account(
            session, community, book=book, bank="演示银行", name="公共收益专户", account_no="9900 0000 0000 0405"
        )
        decisions = [
            resolutions.enter(
                session,
                community,
                source=source,
                matter=matter,
                title=f"{source} 决议",
                text="…",
                decided_on=date(2026, 1, 2),
                valid_until=date(2026, 12, 31),
                now=platform.now(),
            ).id
            for source, matter in (("assembly", "M9"), ("committee", None))
        ]
        authority.set_limit(
            session,
            community,
            single_fen=500_000,
            yearly_fen=3_000_000,
            from_on=date(2026, 1, 2),
            until_on=None,
            resolution_id=decisions[0],
            by=people["clerk"],
            now=platform.now(),
        )
    return Scene(platform, community, people, *decisions)
