"""What affairs knows of the chain: suggestions, as much of them as everybody may see."""

from collections.abc import Mapping, Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.affairs.rules.intake import CATEGORIES
from hoa.affairs.rules.states import STATE_NAMES, State
from hoa.affairs.service import public
from hoa.affairs.tables import Suggestion
from hoa.kernel.clock import today
from hoa.ports.keys import Keys
from hoa.resolutions.chain import Key, Kind, Link, Reader

ENDED = frozenset({State.REFUSED, State.WITHDRAWN})


class SuggestionLinks:
    """Where the chain begins; what became of a suggestion is known by the rooms above."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def tell(self, session: Session, community_id: str, keys: Sequence[Key], _reader: Reader, /) -> Mapping[Key, Link]:
        found = {}
        for key in keys:
            if key.kind is Kind.SUGGESTION and (row := session.get(Suggestion, (community_id, key.id))):
                found[key] = _suggestion(key, row, public.title(session, self._keys, row))
        return found

    def up(self, session: Session, community_id: str, key: Key) -> Sequence[Key]:  # noqa: ARG002
        return ()

    def down(self, session: Session, community_id: str, key: Key) -> Sequence[Key]:  # noqa: ARG002
        return ()


def _suggestion(key: Key, row: Suggestion, title: str) -> Link:
    """Its number, day, public title and state; never who said it or in which words."""
    state = State(row.state)
    return Link(
        key=key,
        label=row.label,
        title=title or gettext(CATEGORIES[row.category]),
        on=today(row.received_at),
        says=gettext(STATE_NAMES[state]),
        follows=gettext("没有受理或者已经撤回，到此为止。")
        if state in ENDED
        else gettext("由承办单位办理。需要大家商量的事，居委会和业主委员会可以转为议题。"),
        over=state in ENDED,
        url=url_for("suggestions.show", label=row.label),
    )
