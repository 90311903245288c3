"""Books that were kept with the release before (0019) come over whole: posted vouchers keep the hash of their first
form, matches the amount they were made for, and whatever was on its way goes on.
"""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from finance.rules.ledger import FIRST_FORM, GENESIS, SECOND_FORM, voucher_hash
from finance.service import books, matching, verify_books, vouchers
from finance.service.vouchers import documents_of, lines_of, record_of
from finance.tables import Approval, Book, Match, Voucher
from hoa.db import Base, Database
from hoa.migrations.runner import upgrade
from tests.integration.finance.scene import Scene
from tests.integration.finance.test_final import scene
from tests.integration.ground.test_migrations import bare

__all__ = ["bare", "scene"]

# What a voucher gets on its way; it was first written without.
LATER = ("state", "number", "seq", "poster_id", "posted_at", "previous_hash", "hash")


def match(scene: Scene) -> None:
    """The receipt stands against its line, after it was let go once."""
    with scene.platform.database.writing() as session:
        line = session.scalars(sa.text("SELECT id FROM finance_bank_line WHERE amount_fen > 0")).one()
        receipt = session.scalars(sa.select(Voucher.id).where(Voucher.number == 1)).one()
        for released in (True, False):
            by, now = scene.people["treasurer"], scene.platform.now()
            row = matching.confirm(session, scene.community, bank_line_id=line, voucher_id=receipt, by=by, now=now)
            if released:
                matching.release(session, scene.community, match_id=row.id, reason="重新核对", by=by, now=now)


def first_form(session: Session) -> dict[str, dict[str, str]]:
    """The chain of the posted vouchers as the release before wrote it, by id; the head of the book under ""."""
    found, previous = dict[str, dict[str, str]](), GENESIS
    for voucher in session.scalars(sa.select(Voucher).where(Voucher.seq.is_not(None)).order_by(Voucher.seq)):
        record = record_of(voucher, lines_of(session, voucher), documents_of(session, voucher), ())
        hash_ = voucher_hash(replace(record, format=FIRST_FORM), previous)
        found[voucher.id] = {"previous_hash": previous, "hash": hash_}
        previous = hash_
    return found | {"": {"head_hash": previous}}


def carry(source: Session, old: Session) -> None:
    """Copy every row into the tables of the release before, through its guards."""
    there = sa.inspect(old.connection())
    chain, posting = first_form(source), []
    for table in Base.metadata.sorted_tables:
        if not there.has_table(table.name) or table.name == "alembic_version":
            continue
        names = [column["name"] for column in there.get_columns(table.name) if column["name"] in table.c]
        light: Any = sa.table(table.name, *(sa.column(name, table.c[name].type) for name in names))
        rows = [dict(row) for row in source.execute(sa.select(*(table.c[name] for name in names))).mappings()]
        if "seq" in names:
            rows.sort(key=lambda row: row["seq"] or 0)
        for row in rows:
            if table.name == "finance_book":
                row |= chain[""]
            if table.name == "finance_voucher":
                posting.append((light, row | chain.get(row["id"], {})))
                row |= dict.fromkeys(LATER) | {"state": "draft"}
            old.execute(sa.insert(light).values(row))
    for light, row in posting:
        final = {name: row[name] for name in LATER}
        old.execute(sa.update(light).where(light.c.id == row["id"]).values(final))


def test_books_of_the_release_before_come_over_whole_and_go_on(scene: Scene, bare: Database) -> None:
    match(scene)
    upgrade(bare, "0019_change")
    with scene.platform.database.reading() as source, bare.writing() as old:
        carry(source, old)
    upgrade(bare, "head")
    people, community, now = scene.people, scene.community, scene.platform.now()
    with bare.reading() as session:
        assert verify_books(session, scene.platform.files) == []
        states = {row.id: row.state for row in session.scalars(sa.select(Voucher))}
        assert sorted(states.values()) == ["approved", "draft", "posted", "posted"]
        assert {row.format for row in session.scalars(sa.select(Voucher))} == {FIRST_FORM}
        approvals = session.scalars(sa.select(Approval)).all()
        assert [(states[one.voucher_id], one.person_id) for one in approvals] == [("approved", people["chair"])]
        matches = session.scalars(sa.select(Match)).all()
        assert [one.amount_fen for one in matches] == [300_000, 300_000]
        assert sum(one.released_at is None for one in matches) == 1
    waiting = {state: id_ for id_, state in states.items()}
    with bare.writing() as session:
        draft = {"voucher_id": waiting["draft"], "now": now}
        vouchers.submit(session, community, by=people["treasurer"], **draft)
        vouchers.approve(session, community, by=people["chair"], **draft)
        for id_ in (waiting["approved"], waiting["draft"]):
            vouchers.post(session, community, voucher_id=id_, by=people["deputy"], now=now)
        line = session.scalars(sa.text("SELECT id FROM finance_bank_line WHERE amount_fen < 0")).one()
        payment = session.scalars(sa.select(Voucher.id).where(Voucher.number == 2)).one()
        by = people["treasurer"]
        matching.confirm(session, community, bank_line_id=line, voucher_id=payment, by=by, now=now)
        books.open_book(session, community, kind=books.WORK, opened_on=now.date(), limits_source="业主大会决议")
    with bare.reading() as session:
        assert verify_books(session, scene.platform.files) == []
        forms = session.scalars(sa.select(Voucher.format).order_by(Voucher.seq)).all()
        assert forms == [FIRST_FORM, FIRST_FORM, SECOND_FORM, SECOND_FORM]
        assert sorted(session.scalars(sa.select(Book.head_seq))) == [0, 4]
