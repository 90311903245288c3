"""Pages of supervision. Importing the modules registers their routes."""

from finance.supervision.views import cases, departures, lists, live, notes, samples, scores
from finance.supervision.views.base import blueprint

__all__ = ["blueprint", "cases", "departures", "lists", "live", "notes", "samples", "scores"]
