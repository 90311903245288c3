"""What the papers bring."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from finance.papers.making import TASK, task
from finance.papers.powers import POWERS
from finance.papers.rules import archive as rules
from finance.papers.service import archives
from finance.papers.views import blueprint
from finance.service import masking
from hoa.kernel.errors import Refusal
from hoa.platform import Platform
from hoa.web.room import Asker, Need, Room


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    """Documents that owners cannot open until somebody masks them."""
    if "document.mask" not in asker.powers:
        return ()
    waiting = len(masking.unseen(session, asker.community_id))
    if not waiting:
        return ()
    title = gettext("遮盖单据里的个人信息，业主才能看（%(count)s 份）", count=waiting)
    return [Need(title=title, url=url_for("finance.unseen_documents"))]


def _verify(platform: Platform, session: Session, community_id: str) -> list[str]:
    """A sentence for each archive that is not what was kept (its row is sealed: `finance.service.seals`)."""
    known = {key: found.public for key, found in platform.keys.public_keys().items()}
    problems = []
    for kept, book in archives.archives(session, community_id):
        try:
            faults = [str(fault) for fault in rules.check(platform.files.get(kept.sha256), known=known)]
        except Refusal as refusal:
            faults = [str(refusal)]
        problems += [f"{book.name} {kept.year}: {fault}" for fault in faults]
    return problems


ROOM = Room(
    name="papers",
    blueprints=(blueprint,),
    powers=POWERS,
    tasks={TASK: task},
    needs=_needs,
    verify=_verify,
)
