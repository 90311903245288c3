"""What committee meetings bring. Their door is the page of resolutions."""

from hoa.kernel.errors import N_
from hoa.resolutions.meetings import minutes, papers, service, watch
from hoa.resolutions.meetings.minute_views import BLUEPRINT
from hoa.resolutions.meetings.needs import needs
from hoa.resolutions.meetings.powers import POWERS
from hoa.web.room import Room

ROOM = Room(
    name="meetings",
    blueprints=(BLUEPRINT,),
    powers=POWERS,
    tasks={"meetings.paper": papers.print_minutes},
    needs=needs,
    overdue=watch.overdue,
    shown=watch.shown,
    publications={
        service.PUBLICATION: N_("业主委员会会议通知"),
        minutes.PUBLICATION: N_("业主委员会会议记录"),
    },
    verify=minutes.verify,
)
