"""What the resolutions room brings."""

from hoa.kernel.errors import N_
from hoa.resolutions.powers import POWERS
from hoa.resolutions.views import blueprint
from hoa.web.room import NavItem, Room

ROOM = Room(
    name="resolutions",
    blueprints=(blueprint,),
    powers=POWERS,
    nav=(NavItem(label=N_("决议"), endpoint="resolutions.book"),),
)
