"""Reading what people write one line an item: `2027-01-01 3300.00` (a step or an instalment), `某某公司 12000` (an
offer). A line that cannot be read is named with its number, and nothing else is lost.
"""

import re
from collections.abc import Iterator
from datetime import date

from finance.rules.contracts import Quote, Step
from hoa.kernel import money
from hoa.kernel.clock import YEARS
from hoa.kernel.errors import N_, Refusal

MOST_LINES = 240
_DAY = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?[\s,，：:]+(.+)")


class LineNotRead(Refusal):
    message = N_("第 %(line)s 行“%(text)s”读不懂：请写日期和金额，例如 2027-01-01 3300.00")


class QuoteNotRead(Refusal):
    message = N_("第 %(line)s 行“%(text)s”读不懂：请写单位和报价，例如 某某公司 12000.00")


class TooManyLines(Refusal):
    message = N_("最多写 %(most)s 行，请分成几份合同")


def steps(text: str) -> tuple[Step, ...]:
    """Days with amounts, one a line."""
    found = []
    for number, line in _lines(text):
        match = _DAY.fullmatch(line)
        try:
            if match is None or int(match[1]) not in YEARS:
                raise ValueError(line)
            found.append(Step(day=date(*(int(match[at]) for at in (1, 2, 3))), amount_fen=money.parse(match[4])))
        except (ValueError, Refusal):
            raise LineNotRead(line=number, text=line[:40]) from None
    return tuple(found)


def quotes(text: str) -> tuple[Quote, ...]:
    """Offers, one a line: the last word is the amount."""
    found = []
    for number, line in _lines(text):
        party, _, amount = line.replace("，", " ").replace("：", " ").rpartition(" ")
        try:
            if not party.strip() or len(party) > 80:
                raise ValueError(line)
            fen = money.parse(amount)
        except (ValueError, Refusal):
            raise QuoteNotRead(line=number, text=line[:40]) from None
        if fen <= 0:
            raise QuoteNotRead(line=number, text=line[:40])
        found.append(Quote(party=party.strip(), amount_fen=fen))
    return tuple(found)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise TooManyLines(most=MOST_LINES)
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, line.strip()
