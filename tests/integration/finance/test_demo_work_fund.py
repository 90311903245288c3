"""The demo's work fund: it lives beside the common revenue and does not move it."""

from finance.service import books, cash, publication, publishing, verify_books
from finance.service.reconciliation import book_balance
from hoa.demo import books as demo_books
from hoa.demo import people as cast
from hoa.platform import Platform
from tests.integration.people import a_community


def test_the_demos_work_fund_is_booked_closed_and_apart(platform: Platform):
    community = a_community(platform)
    people = cast.settle(platform, community, now=cast.TERM[0])
    demo_books.build(platform, community, people)
    with platform.database.reading() as session:
        trust, work = books.trust_book(session, community), books.work_book(session, community)
        assert book_balance(session, trust, platform.now().date()) == 34_729_426
        assert book_balance(session, work, platform.now().date()) == 1_377_950
        assert cash.held_fen(session, work) == 0
        assert [period.state for period in books.periods(session, work)] == ["closed"] * 9
        assert verify_books(session, platform.files, community_id=community) == []
        published = publication.publications(session, community)
        assert published
        assert [publishing.moved(session, community, row) for row in published] == [[]] * len(published)
