"""What other software's access brings."""

from hoa.api.desk_views import blueprint as desk
from hoa.api.powers import POWERS
from hoa.api.views import blueprint
from hoa.web.room import Room

ROOM = Room(name="open311", blueprints=(blueprint, desk), powers=POWERS)
