"""What the pages of those inside call a suggestion and its place, in the reader's language."""

from flask_babel import gettext

from hoa.affairs.rules.intake import CATEGORIES
from hoa.affairs.tables import Suggestion


def place_word(row: Suggestion) -> str:
    """Where it is, from the building to the words of whoever said it."""
    floor = gettext("%(floor)s 层", floor=row.floor) if row.floor is not None else ""
    return " ".join(filter(None, (row.building, row.entrance, floor, row.spot)))


def name_word(row: Suggestion) -> str:
    """The desk's title, else category and building."""
    return row.title or " ".join(filter(None, (gettext(CATEGORIES.get(row.category, row.category)), row.building)))
