"""`tally.json` in its full and its public form (docs/audit-package.md 8), and the hour's public turnout."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from hoa.kernel import canonical
from hoa.kernel.clock import stamp
from voting.rules.counting import Option
from voting.rules.election import Elected
from voting.rules.record import FORMAT
from voting.rules.tally import MotionTally
from voting.rules.thresholds import Decision, Inequality, Measure, Share

# Below this many heads an option's area could tell how a few people voted (voting-record.md 7).
FEWEST_HEADS_WITH_AREA = 5


class RollTotal(NamedTuple):
    """A roll by its root, its heads and its area (0.01 m²)."""

    root: bytes
    share: Share


class Paper(NamedTuple):
    """Electors of the final roll who hold a live sheet, and who were given the ballot (rules.md R1.29)."""

    issued: int
    delivered: int


class Roots(NamedTuple):
    """What a tally binds: the log at its close, the roll of the notice and the final one, and the counted rows."""

    log_size: int
    log_root: bytes
    opening: RollTotal
    final: RollTotal
    counted_root: bytes
    counted_rows: int


class BallotCounts(NamedTuple):
    """Ballot entries in the log, rows with a leaf, ballots that another one replaced, and voided ones."""

    logged: int
    counted: int
    superseded: int
    voided: int


def _figures(share: Share) -> dict[str, int]:
    return {"heads": share.heads, "area": share.area}


def roll_figures(roll: RollTotal) -> dict[str, Any]:
    """A roll as the tally names it."""
    return {"root": roll.root.hex(), **_figures(roll.share)}


def full_tally(
    assembly: str,
    *,
    time: datetime,
    roots: Roots,
    ballots: BallotCounts,
    paper: Paper,
    motions: Sequence[MotionTally],
    sample: Mapping[str, Any] | None = None,
    elections: Sequence[Elected] = (),
) -> dict[str, Any]:
    """The full form, with the hash of the public form that it stands behind. `sample` is what came of asking a random
    sample of recorded voters (docs/audit-package.md 8.1), or None; `elections` stand in it where something is elected.
    """
    tally: dict[str, Any] = {
        "format": FORMAT,
        "assembly": assembly,
        "form": "full",
        "time": stamp(time),
        "log": {"size": roots.log_size, "root": roots.log_root.hex()},
        "roll": {"opening": roll_figures(roots.opening), "final": roll_figures(roots.final)},
        "counted": {"root": roots.counted_root.hex(), "rows": roots.counted_rows},
        "paper": paper._asdict(),
        "ballots": ballots._asdict(),
        "sample": None if sample is None else dict(sample),
        "motions": [motion_figures(motion) for motion in motions],
        **({"elections": [election_figures(one) for one in elections]} if elections else {}),
    }
    return {**tally, "public": hashlib.sha256(canonical.encode(public_tally(tally))).hexdigest()}


def election_figures(election: Elected) -> dict[str, Any]:
    """One election of the full form (docs/audit-package.md 8.5)."""
    return {
        "election": election.contest.code,
        "seed": election.seed,
        "ranking": [{"motion": one.motion, **_figures(one.agreed)} for one in election.ranking],
        "elected": list(election.elected),
        "alternates": list(election.alternates),
        "vacant": election.vacant,
        "outcome": election.outcome.value,
    }


def motion_figures(motion: MotionTally) -> dict[str, Any]:
    """One motion of the full form."""
    invalid = sum(motion.invalid.values(), Share(0, 0))
    return {
        "motion": motion.question.code,
        "matter": motion.question.matter.code,
        "class": motion.question.majority.value,
        "article": motion.question.matter.article,
        "options": {
            **{option.value: _figures(share) for option, share in motion.options.items()},
            "not_agreed": _figures(motion.not_agreed),
        },
        "invalid": {
            **_figures(invalid),
            "excluded": _figures(motion.excluded),
            "reasons": {reason: _figures(share) for reason, share in motion.invalid.items()},
        },
        "without_invalid": _evaluation(motion.participated, motion.without_invalid),
        "with_invalid": _evaluation(
            Share(*(test.base for test in motion.with_invalid.inequalities[2:])), motion.with_invalid
        ),
        "outcome": motion.outcome.value,
        **({"with_silent": _with_silent(motion)} if motion.silent_rule else {}),
    }


def _with_silent(motion: MotionTally) -> dict[str, Any] | None:
    third = motion.with_silent
    if third is None:
        return None
    follows = third.follows.value if third.follows else None
    return {
        "silent": _figures(third.silent),
        "follows": follows,
        **_evaluation(third.participated, third.decision),
    }


def _evaluation(participated: Share, decision: Decision) -> dict[str, Any]:
    return {
        "participated": _figures(participated),
        "inequalities": [_inequality(test) for test in decision.inequalities],
        "quorum": decision.quorum,
        "passed": decision.passed,
    }


def _inequality(test: Inequality) -> dict[str, Any]:
    return {
        "test": test.measure.value,
        "left_factor": test.left,
        "left": test.part,
        "sign": ">" if test.threshold.strict else ">=",
        "right_factor": test.right,
        "right": test.base,
        "met": test.holds,
        "line": test.formula,
    }


def public_tally(full: Mapping[str, Any]) -> dict[str, Any]:
    """The public form of a full tally: heads for every option, areas only where they tell nobody's vote."""
    motions = [_public_motion(motion) for motion in full["motions"]]
    kept = {name: value for name, value in full.items() if name != "public"}
    return {**kept, "form": "public", "motions": motions, **_public_elections(full, motions)}


def _public_elections(full: Mapping[str, Any], motions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rankings with the areas that the motions themselves tell: a ranking must not give away what they hide."""
    if "elections" not in full:
        return {}
    told = {motion["motion"]: motion["options"][Option.AGREE.value] for motion in motions}
    return {
        "elections": [
            {**one, "ranking": [{**entry, **told[entry["motion"]]} for entry in one["ranking"]]}
            for one in full["elections"]
        ]
    }


def _public_motion(motion: Mapping[str, Any]) -> dict[str, Any]:
    hidden = hidden_areas(motion["options"])
    agree_hidden = Option.AGREE.value in hidden
    options = {
        name: {"heads": figures["heads"], "area": None if name in hidden else figures["area"]}
        for name, figures in motion["options"].items()
    }
    return {
        **motion,
        "options": options,
        "invalid": {"heads": motion["invalid"]["heads"]},
        "without_invalid": _public_evaluation(motion["without_invalid"], agree_hidden),
        "with_invalid": _public_evaluation(motion["with_invalid"], agree_hidden),
        **_public_silent(motion, agree_hidden),
    }


def _public_silent(motion: Mapping[str, Any], agree_hidden: bool) -> dict[str, Any]:
    third = motion.get("with_silent")
    return {"with_silent": _public_evaluation(third, agree_hidden)} if third else {}


def hidden_areas(options: Mapping[str, Mapping[str, int]]) -> set[str]:
    """The options whose area is not told; a difference must never give away what was merged into 未同意."""
    heads = {name: figures["heads"] for name, figures in options.items()}
    if 0 < heads["agree"] < FEWEST_HEADS_WITH_AREA:
        return {"not_agreed"} | {name for name, count in heads.items() if count > 0}
    # In the order in which ties are hidden: blank, abstain, oppose.
    others = [name for name in ("blank", "abstain", "oppose") if heads[name] > 0]
    hidden = {name for name in others if heads[name] < FEWEST_HEADS_WITH_AREA}
    while 0 < sum(heads[name] for name in hidden) < FEWEST_HEADS_WITH_AREA and set(others) - hidden:
        hidden.add(min((name for name in others if name not in hidden), key=lambda name: heads[name]))
    return hidden


def _public_evaluation(evaluation: Mapping[str, Any], agree_hidden: bool) -> dict[str, Any]:
    if not agree_hidden:
        return dict(evaluation)
    masked = [
        {**test, "left": None, "line": _masked_line(test)} if test["test"] == Measure.AGREE_AREA.value else test
        for test in evaluation["inequalities"]
    ]
    return {**evaluation, "inequalities": masked}


def _masked_line(test: Mapping[str, Any]) -> str:
    """The printed sum with a star for the area that is not told."""
    _, rest = test["line"].split(" × ", 1)
    return f"{test['left_factor']} × * {rest.split(' ', 1)[1]}"


def turnout_permille(part: int, whole: int) -> int:
    """Turnout to 0.1 %, cut off, never rounded up: 66.66 % never shows as reached two thirds (rules.md R1.6)."""
    return part * 1000 // whole if whole else 0
