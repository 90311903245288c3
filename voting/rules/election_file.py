"""An election's figures as somebody types them into a file, to do the sum again without the platform.

    {"roll": "100/10000.00", "seats": 7, "minimum": 5, "alternates": 2, "seed": "…64 hex digits…",
     "candidates": [{"code": "m1", "name": "…", "participated": "70/7000.00", "agreed": "36/3600.00"}, …]}

`rank` may be given; `seed` is asked for only where heads and area are equal and a lot has to decide.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal
from voting.rules import contests, shares
from voting.rules.election import Candidate, Contest, Elected, Rank, elect, lot, tied
from voting.rules.matters import matter
from voting.rules.thresholds import Decision, Outcome, decide

_SEED = re.compile("[0-9a-f]{64}")
NO_SEED = "0" * 64
MOST_CANDIDATES = 1_000


class NotAnElection(Refusal):
    message: ClassVar[str] = N_("这不是选举的数据文件：%(why)s")


class FieldMissing(Refusal):
    message: ClassVar[str] = N_("%(where)s缺少“%(field)s”，或者写得不对：%(example)s")


class CodeTwice(Refusal):
    message: ClassVar[str] = N_("候选人代号 %(code)s 用了两次，请改成不同的")


class SeedNeeded(Refusal):
    message: ClassVar[str] = N_("%(names)s的同意人数和面积都相同，要抽签：请在文件里写上 seed（64 位十六进制数字）")


class Stood(NamedTuple):
    """A candidate with the name and the four inequalities."""

    code: str
    name: str
    decision: Decision


class Count(NamedTuple):
    stood: Sequence[Stood]
    result: Elected


_EXAMPLES = {
    "roll": '"100/10000.00"',
    "participated": '"70/7000.00"',
    "agreed": '"36/3600.00"',
    "name": '"林小竹"',
    "code": '"m1"',
    "candidates": "[{…}, …]",
    "seed": '"64 位十六进制数字"',
}


def count(text: str) -> Count:
    """Read the file and elect; the first thing that is wrong with it is refused by name."""
    value = _object(text)
    roll = shares.parse(_text(value, "roll", ""))
    rows = value.get("candidates")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_CANDIDATES:
        raise FieldMissing(where="", field="candidates", example=_EXAMPLES["candidates"])
    stood: list[Stood] = []
    candidates: list[Candidate] = []
    for number, row in enumerate(rows, start=1):
        where = f"candidates[{number}] "
        if not isinstance(row, dict):
            raise FieldMissing(where="", field=where.strip(), example="{…}")
        code = _text(row, "code", where) if "code" in row else f"m{number}"
        if code in {one.code for one in stood}:
            raise CodeTwice(code=code[:60])
        participated, agreed = (shares.parse(_text(row, name, where)) for name in ("participated", "agreed"))
        decision = decide(matter("M3"), roll=roll, participated=participated, agreed=agreed)
        stood.append(Stood(code, _text(row, "name", where), decision))
        candidates.append(Candidate(code, agreed, Outcome.PASSED if decision.passed else Outcome.FAILED))
    one = _contest(value, [candidate.motion for candidate in candidates])
    seed = value.get("seed")
    if seed is not None and not (isinstance(seed, str) and _SEED.fullmatch(seed)):
        raise FieldMissing(where="", field="seed", example=_EXAMPLES["seed"])
    result = elect(one, seed or NO_SEED, candidates)
    if seed is None:
        _no_lot(result, {item.code: item.name for item in stood})
    return Count(stood, result)


def lots(result: Elected) -> dict[str, str]:
    """The lot (hex) of everybody who is equal to somebody else."""
    told = [{"motion": one.motion, **one.agreed._asdict()} for one in result.ranking]
    equal = {one["motion"] for one in told for other in told if one is not other and tied(one, other)}
    return {code: lot(result.seed, code).hex() for code in sorted(equal)}


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAnElection(why=str(error)[:120]) from None
    if not isinstance(value, dict):
        raise NotAnElection(why="{…}")
    return value


def _text(value: Mapping[str, Any], name: str, where: str) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found.strip():
        raise FieldMissing(where=where, field=name, example=_EXAMPLES[name])
    return found.strip()


def _contest(value: Mapping[str, Any], codes: list[str]) -> Contest:
    given = {
        "code": "e1",
        "title": "1",
        "body": "owners_committee",
        "rank": Rank.HEADS.value,
        "approve_at_most": len(codes),
        "motions": codes,
        **{name: value[name] for name in ("rank", "seats", "minimum", "alternates") if name in value},
    }
    return contests.check([given], dict.fromkeys(codes, "M3"))[0]


def _no_lot(result: Elected, names: Mapping[str, str]) -> None:
    equal = lots(result)
    if equal:
        raise SeedNeeded(names="、".join(names[code] for code in equal))
