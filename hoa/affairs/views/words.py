"""What the pages of those inside call a suggestion and its place, in the reader's language."""

from flask_babel import gettext

from hoa.affairs.rules.intake import CATEGORIES, where
from hoa.affairs.service import places
from hoa.affairs.tables import Suggestion
from hoa.web import context


def place_word(row: Suggestion, *, spoken: bool = True) -> str:
    """Where it is, from the building to the words of whoever said it, or without those words."""
    return where(
        building=row.building,
        entrance=row.entrance,
        floor=gettext("%(floor)s 层", floor=row.floor) if row.floor is not None else "",
        place=places.name_of(context.reading(), row),
        spot=row.spot if spoken else "",
    )


def name_word(row: Suggestion) -> str:
    """The desk's title, else category and building."""
    return row.title or " ".join(filter(None, (gettext(CATEGORIES.get(row.category, row.category)), row.building)))
