"""What the books bring."""

from collections.abc import Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from finance.commands import books
from finance.powers import POWERS
from finance.rules import spans
from finance.rules.life import VoucherState
from finance.service import inspections, publication, publishing, verify_books
from finance.service.books import find_book
from finance.service.vouchers import number_of_vouchers
from finance.tables import Book
from finance.views import blueprint, rent
from finance.views.base import span_name
from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.web.i18n import money
from hoa.web.room import Asker, NavItem, Need, Room, Shown


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
    return [*needs, *_to_publish(session, asker, book), *_to_preview(session, asker, book), *_asked(session, asker)]


def _to_publish(session: Session, asker: Asker, book: Book) -> list[Need]:
    """What is over and not published: straight to the page with the button once its months are closed."""
    if "books.publish" not in asker.powers:
        return []
    day = today(asker.now)
    return [
        Need(
            title=gettext("请公示：%(title)s", title=publication.title(row.span)),
            url=url_for("finance.month") if row.months_left else url_for("finance.statement", span=str(row.span)),
            due=row.by,
            urgent=row.by < day,
        )
        for row in publication.due(session, book, day)
    ]


def _to_preview(session: Session, asker: Asker, book: Book) -> list[Need]:
    """What a supervisor may look at before it goes out, and has said nothing about."""
    if "preview.mark" not in asker.powers:
        return []
    return [
        Need(
            title=gettext("预览将要公示的账目：%(title)s", title=publication.title(row.span)),
            url=url_for("finance.statement", span=str(row.span)),
            due=row.by,
        )
        for row in publication.due(session, book, today(asker.now))
        if not row.months_left
        and asker.person_id
        not in {person.id for _, person in publishing.preview_marks(session, asker.community_id, row.span)}
    ]


def _asked(session: Session, asker: Asker) -> list[Need]:
    """Owners' requests to see vouchers that wait for an answer."""
    if "inspection.answer" not in asker.powers:
        return []
    return [
        Need(
            title=gettext("答复查阅申请"),
            url=url_for("finance.answer_inspection", inspection_id=row.id),
            due=row.answer_due,
            urgent=row.answer_due < today(asker.now),
        )
        for row in inspections.waiting(session, asker.community_id)
        if row.person_id != asker.person_id
    ]


def _shown(session: Session, community_id: str, _now: datetime) -> Sequence[Shown]:
    """Where the owners' money went in the last quarter that was published, in one sentence."""
    row = publication.newest_quarter(session, community_id)
    if row is None:
        return ()
    told = {name: money(row.content[f"{name}_fen"]) for name in ("income", "spending", "closing")}
    return (
        Shown(
            title=gettext("%(quarter)s公共收益", quarter=span_name(spans.parse(row.reference or ""))),
            url=url_for("finance.statement", span=row.reference),
            text=gettext("收了 %(income)s，花了 %(spending)s，现在还有 %(closing)s", **told),
        ),
    )


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
    tasks={rent.TASK: rent.print_letter},
    needs=_needs,
    shown=_shown,
    publications=publication.TITLES,
    commands=(books,),
    verify=_verify,
)
