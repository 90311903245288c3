"""What the register brings."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.community import (
    activation,
    activation_views,
    checks,
    desk,
    desk_views,
    editing_views,
    import_views,
    letters,
    service,
    views,
)
from hoa.community.commands import register
from hoa.community.imports import READY
from hoa.community.powers import POWERS
from hoa.community.rules import IdentityLevel
from hoa.community.tables import IdentityCheck, ImportBatch, Unit
from hoa.kernel.errors import N_
from hoa.web import context
from hoa.web.room import Asker, NavItem, Need, Room

# Importing these adds their pages to the blueprint of `views`.
PAGES = (activation_views, desk_views, editing_views, import_views)


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    """A check that waits for a second officer, an empty register or a workbook that waits for a decision, an owner who
    cannot vote yet.
    """
    here, found = asker.community_id, []
    if "register.check" in asker.powers:
        waiting = select(func.count()).select_from(IdentityCheck)
        waiting = waiting.where(IdentityCheck.community_id == here, IdentityCheck.state == desk.WAITING)
        count = session.scalar(waiting.where(IdentityCheck.first_by != asker.person_id)) or 0
        if count:
            title = gettext("%(count)s 位业主等待第二人核验身份", count=count)
            found.append(Need(title=title, url=url_for("community.desk_start")))
    if "register.edit" in asker.powers:
        ready = select(ImportBatch).where(ImportBatch.community_id == here, ImportBatch.state == READY)
        batch = session.scalars(ready.order_by(ImportBatch.asked_at.desc()).limit(1)).first()
        if batch is not None:
            title = gettext("名册文件“%(name)s”等待确认导入", name=batch.file_name)
            found.append(Need(title=title, url=url_for("community.look", batch_id=batch.id)))
        elif session.scalar(select(Unit.id).where(Unit.community_id == here).limit(1)) is None:
            found.append(Need(title=gettext("导入业主名册"), url=url_for("community.send")))
    if activation.claimable(session, context.platform().keys, here, asker.person_id):
        found.append(Need(title=gettext("认领您的房屋"), url=url_for("community.mine")))
    owned = service.ownerships_of(session, here, asker.person_id)
    if owned and not service.identity_level(session, here, asker.person_id).reaches(IdentityLevel.V2):
        title = gettext("带证件到核验点核验身份，之后才能投票")
        found.append(Need(title=title, url=url_for("community.mine")))
    return found


ROOM = Room(
    name="community",
    blueprints=(views.blueprint, views.administration),
    powers=POWERS,
    tasks={
        import_views.READ: import_views.read_job,
        import_views.WRITE: import_views.write_job,
        letters.KIND: letters.make_job,
    },
    nav=(
        NavItem(label=N_("名册"), endpoint="community.register", power="register.read"),
        NavItem(label=N_("我的房屋"), endpoint="community.mine", power="register.own"),
    ),
    needs=needs,
    commands=(register,),
    verify=checks.verify,
)
