"""What the offices room brings."""

from hoa.kernel.errors import N_
from hoa.offices.powers import POWERS
from hoa.offices.views import administration, blueprint
from hoa.web.room import NavItem, Room

ROOM = Room(
    name="offices",
    blueprints=(blueprint, administration),
    powers=POWERS,
    nav=(NavItem(label=N_("机构"), endpoint="offices.roster"),),
)
