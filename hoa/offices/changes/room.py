"""What changes of members bring: early ends, who follows, and how many are left."""

from hoa.jobs import Periodic
from hoa.kernel.errors import N_
from hoa.offices.changes import publishing, tasks
from hoa.offices.changes.needs import needs, overdue
from hoa.offices.changes.powers import POWERS
from hoa.offices.changes.views import blueprint
from hoa.web.room import Room

ROOM = Room(
    name="changes",
    blueprints=(blueprint,),
    powers=POWERS,
    needs=needs,
    overdue=overdue,
    periodic=(Periodic("offices.changes", tasks.SECONDS, tasks.Watch()),),
    publications={publishing.KIND: N_("成员变动")},
)
