"""Topics as pages: what everybody reads and owners answer, and what whoever leads a topic does. Importing the modules
registers their routes.
"""

from hoa.affairs.views.topics import leading, public
from hoa.affairs.views.topics.base import blueprint

__all__ = ["blueprint", "leading", "public"]
