"""What the books bring."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from finance.commands import books
from finance.powers import POWERS
from finance.rules.life import VoucherState
from finance.service import publication, verify_books
from finance.service.books import find_book
from finance.service.vouchers import number_of_vouchers
from finance.views import blueprint
from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.web.room import Asker, NavItem, Need, Room


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    """Books that nobody has opened, vouchers that wait for this person, and the quarter that is to be published."""
    book = find_book(session, asker.community_id)
    if book is None:
        may_open = "books.open" in asker.powers
        return [Need(title=gettext("建立公共收益账簿"), url=url_for("finance.open_book"))] if may_open else ()
    needs: list[Need] = []
    for power, state, words in (
        ("voucher.check", VoucherState.SUBMITTED, gettext("复核凭证")),
        ("voucher.post", VoucherState.APPROVED, gettext("把已复核的凭证记账")),
    ):
        count = number_of_vouchers(session, asker.community_id, states=(state,)) if power in asker.powers else 0
        if count:
            title = gettext("%(words)s（%(count)s 张）", words=words, count=count)
            needs.append(Need(title=title, url=url_for("finance.vouchers", state=str(state))))
    quarter = publication.due_quarter(session, book, today(asker.now)) if "books.publish" in asker.powers else None
    if quarter is not None:
        due = quarter.publish_by(book.publish_within_days)
        needs.append(
            Need(
                title=gettext("请公示：%(title)s", title=publication.quarter_title(quarter)),
                url=url_for("finance.month"),
                due=due,
                urgent=due < today(asker.now),
            )
        )
    return needs


def _verify(platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    return [str(problem) for problem in verify_books(session, platform.files, community_id=community_id)]


ROOM = Room(
    name="finance",
    blueprints=(blueprint,),
    powers=POWERS,
    nav=(
        NavItem(label=N_("账目"), endpoint="finance.index"),
        NavItem(label=N_("本月账务"), endpoint="finance.month", power="books.read"),
    ),
    needs=_needs,
    publications={publication.KIND: N_("账目公示")},
    commands=(books,),
    verify=_verify,
)
