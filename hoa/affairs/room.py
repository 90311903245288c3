"""What the suggestion loop brings."""

from hoa.affairs.powers import POWERS
from hoa.web.room import Room

ROOM = Room(name="affairs", powers=POWERS)
