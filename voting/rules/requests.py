"""When owners' signatures create the duty to convene: at the share of heads that the pack names, 20 of 100 and not 19
(物业管理条例 13; rules.md R1.25)."""

from typing import NamedTuple


class Support(NamedTuple):
    """Who stands behind a request, against the roll of today. Areas in 0.01 m²; the area is shown, the heads decide."""

    heads: int
    of_heads: int
    area: int
    of_area: int

    def reaches(self, percent: int) -> bool:
        """Integer cross-multiplication: with 20 percent, 5 × signed ≥ all."""
        return self.of_heads > 0 and 100 * self.heads >= percent * self.of_heads

    def missing(self, percent: int) -> int:
        """How many heads more are needed."""
        return max(0, -(-percent * self.of_heads // 100) - self.heads)
