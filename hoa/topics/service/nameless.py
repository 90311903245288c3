"""What is written about a topic is public at once: it must not say who reported (trust.md 20)."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hoa.affairs.service import reporters
from hoa.affairs.tables import Suggestion
from hoa.kernel.errors import N_, Refusal
from hoa.ports.keys import Keys
from hoa.topics.service import reading
from hoa.topics.tables import Topic


class NamesReporter(Refusal):
    """What is asked is public at once: it must not say who reported."""

    message = N_("里面有诉求 %(label)s 的提出人的姓名或电话；这里写的会公开，请去掉")


def demand(session: Session, keys: Keys, topic: Topic, *texts: str) -> None:
    """Refuse words for the public that name whoever reported what a topic is about."""
    check(keys, reading.suggestions(session, topic), "".join(texts))


def check(keys: Keys, discussed: Sequence[Suggestion], text: str) -> None:
    """Only what staff can see of a reporter is looked for: anything else would tell who it is by refusing."""
    plain = "".join(text.split())
    for row in discussed:
        known = reporters.shown(keys, row)
        if any(word and word in plain for word in (known.name, known.phone)):
            raise NamesReporter(label=row.label)
