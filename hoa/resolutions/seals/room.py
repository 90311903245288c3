"""What the register of seals brings. Its door is the page of resolutions."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.resolutions.seals import service
from hoa.resolutions.seals.powers import KEEP, POWERS
from hoa.resolutions.seals.views import blueprint
from hoa.web.room import Asker, Need, Room


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    """Seals to set by their keeper, signatures to give, urgent uses without a decision, uses to publish."""
    if KEEP not in asker.powers:
        return ()
    found, page = [], url_for("seals.register")
    for line in service.register(session, asker.community_id, now=asker.now):
        use, url = line.use, f"{page}#use-{line.use.id}"
        if use.applied_at is None and line.missing and asker.person_id not in line.consents:
            found.append(Need(title=gettext("用印等您签字：%(document)s", document=use.document), url=url))
        elif use.applied_at is None and not line.missing and asker.person_id == line.seal.keeper_id:
            found.append(Need(title=gettext("请盖章：%(document)s", document=use.document), url=url))
        if line.resolution is None and use.applied_at is not None:
            title = gettext("用印没有依据的决定：%(document)s", document=use.document)
            found.append(Need(title=title, url=url, urgent=True))
    due = service.publication_due(session, asker.community_id, now=asker.now)
    if due is not None and (due - today(asker.now)).days <= 30:
        found.append(Need(title=gettext("公示用印情况"), url=page, due=due, urgent=due < today(asker.now)))
    return found


ROOM = Room(
    name="seals",
    blueprints=(blueprint,),
    powers=POWERS,
    needs=_needs,
    publications={service.PUBLICATION: N_("用印情况")},
)
