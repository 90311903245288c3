"""What the audit brings."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from finance.audit import making, published_views, publishing, service, signing_views
from finance.audit.checking import verify_report
from finance.audit.commands import audit
from finance.audit.powers import POWERS
from finance.audit.views import blueprint, checking
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.web.room import NavItem, Room

PAGES = (published_views, signing_views)  # their routes stand on the same blueprint


def _verify(platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    return service.verify(session, platform.files, community_id)


ROOM = Room(
    name="audit",
    blueprints=(blueprint, checking),
    powers=POWERS,
    tasks={service.TASK: making.task},
    nav=(NavItem(label=N_("监督审计"), endpoint="audit.index", power="audit.read"),),
    commands=(audit,),
    verify=_verify,
    publications={publishing.KIND: N_("审计、监督报告")},
    file_checks={".pdf": verify_report},
)
