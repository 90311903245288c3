"""Whether an assembly can reach its quorum when the developer stays away (rules.md R1.14; 民法典 278 第二款)."""

from typing import NamedTuple

from voting.rules.thresholds import QUORUM, Share


class Reach(NamedTuple):
    """What everybody but the developer makes together, and what the quorum asks. Areas in 0.01 m²."""

    others: Share
    needed: Share

    @property
    def missing(self) -> Share:
        """What the others lack even if all of them vote; nothing where they suffice."""
        return Share(
            max(0, self.needed.heads - self.others.heads),
            max(0, self.needed.area - self.others.area),
        )

    @property
    def possible(self) -> bool:
        """Heads and area must both reach two thirds."""
        return self.missing == Share(0, 0)


def without_developer(*, roll: Share, developer: Share) -> Reach:
    """`roll`: all heads and their area; `developer`: the developer's one head with all unsold and undelivered parts
    (司法解释 9), nothing where there is none.
    """
    others = Share(roll.heads - developer.heads, roll.area - developer.area)
    return Reach(others, Share(QUORUM.least(roll.heads), QUORUM.least(roll.area)))
