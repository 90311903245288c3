"""What the end of a year brings: its page, what it asks of the treasurer, and statements on paper."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from finance.rules.charts import WORK
from finance.rules.years import RECEIVERS, last_of
from finance.service.books import find_book
from finance.year import papers, service
from finance.year.views import blueprint
from hoa.jobs import Periodic
from hoa.kernel.clock import today
from hoa.web.room import Asker, Need, Room


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    """A year that is over and not closed, and the yearly report that was not handed in (R5.8)."""
    if "books.close" not in asker.powers:
        return ()
    day = today(asker.now)
    needs: list[Need] = []
    year = service.due_year(session, asker.community_id, day)
    if year is not None:
        title = gettext("年结：%(year)s 年的账", year=year)
        needs.append(Need(title=title, url=url_for("finance_year.show", year=str(year))))
    book, last = find_book(session, asker.community_id, WORK), day.year - 1
    if book is None or book.opened_on > last_of(last):
        return needs
    for row in service.reports(session, asker.community_id, year=last, day=day):
        if row.sent is None:
            title = gettext("%(year)s 年度报告报送%(receiver)s", year=last, receiver=gettext(RECEIVERS[row.receiver]))
            url = url_for("finance_year.show", year=str(last))
            needs.append(Need(title=title, url=url, due=row.due, urgent=row.due < day))
    return needs


ROOM = Room(
    name="finance_year",
    blueprints=(blueprint,),
    needs=_needs,
    tasks={papers.TASK: papers.task},
    periodic=(Periodic("finance.publications", papers.LOOK_SECONDS, papers.print_publications),),
)
