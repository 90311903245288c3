"""Topics as pages: what everybody reads and owners answer, and what whoever leads a topic does. Importing the modules
registers their routes.
"""

from hoa.topics.views import chain, leading, public
from hoa.topics.views.base import blueprint

__all__ = ["blueprint", "chain", "leading", "public"]
