"""What other software's access brings."""

from hoa.api.powers import POWERS
from hoa.web.room import Room

ROOM = Room(name="open311", powers=POWERS)
