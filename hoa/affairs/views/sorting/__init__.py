"""The desk's pages: sorting, the list of everything, one suggestion for staff, intake, common problems. Importing the
modules registers their routes.
"""

from hoa.affairs.views.sorting import acts, clusters, desk, lists, show, take
from hoa.affairs.views.sorting.base import blueprint

__all__ = ["acts", "blueprint", "clusters", "desk", "lists", "show", "take"]
