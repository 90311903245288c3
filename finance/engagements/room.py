"""What engagements of third parties bring."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from finance.engagements import service
from finance.engagements.powers import POWERS, PUBLISH
from finance.engagements.rules import Stage
from finance.engagements.views import blueprint
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.web.room import Asker, Need, Room


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    """The auditor's report while they have access; a report that nobody has published yet."""
    needs = []
    for row in service.everything(session, asker.community_id):
        url = url_for("engagements.show", engagement_id=row.id)
        open_now = service.stage(row, asker.now) is Stage.OPEN
        # By who they are: on the start page the gate has taken the auditor's powers away.
        if row.person_id == asker.person_id and open_now and row.report_digest is None:
            needs.append(Need(title=gettext("请上传审计报告：%(firm)s", firm=row.firm), url=url, due=row.closes_on))
        handed_in = row.report_digest is not None and service.publication(session, row) is None
        if PUBLISH in asker.powers and handed_in:
            needs.append(Need(title=gettext("请公示第三方审计报告：%(firm)s", firm=row.firm), url=url))
    return needs


def _verify(platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    return service.verify(session, platform.files, community_id)


ROOM = Room(
    name="engagements",
    blueprints=(blueprint,),
    powers=POWERS,
    needs=_needs,
    publications={service.LETTER: N_("第三方审计约定"), service.REPORT: N_("第三方审计报告")},
    verify=_verify,
)
