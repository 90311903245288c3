"""The platform and `verify.py` were written apart from each other: on any input they must agree."""

from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import canonical, merkle
from voting import verify
from voting.rules.counting import CastBallot, Option
from voting.rules.election import Candidate, Contest, Rank, elect, over_voted
from voting.rules.matters import MATTERS
from voting.rules.published import election_figures, hidden_areas, motion_figures, public_tally
from voting.rules.silent import leader
from voting.rules.tally import MotionTally, Question, tally
from voting.rules.thresholds import MAJORITIES, QUORUM, Outcome, Share, decide, outcome

HEADS = st.integers(0, 14)


@given(st.fixed_dictionaries(dict.fromkeys(("agree", "oppose", "abstain", "blank"), HEADS)))
def test_both_hide_the_same_areas(heads):
    rest = heads["oppose"] + heads["abstain"] + heads["blank"]
    options = {name: {"heads": count, "area": 100 * count} for name, count in {**heads, "not_agreed": rest}.items()}
    assert hidden_areas(options) == verify.hidden_areas({**heads, "not_agreed": rest})


@given(
    st.fixed_dictionaries({option: st.tuples(HEADS, st.integers(1, 20_000)) for option in Option}),
    st.integers(1, 10),  # a roll is never empty
    st.sampled_from(sorted(MATTERS)),
)
def test_both_derive_the_same_public_form(given_options, silent, matter):
    options = {option: Share(heads, heads * area) for option, (heads, area) in given_options.items()}
    taking_part = sum(options.values(), Share(0, 0))
    roll = taking_part + Share(silent, silent * 9000)
    found = MATTERS[matter]
    decision = decide(found, roll=roll, participated=taking_part, agreed=options[Option.AGREE])
    tally = MotionTally(
        Question("m1", found, found.majority), roll, options, {}, decision, decision, outcome(decision, decision)
    )
    full = {
        "form": "full",
        "public": "0" * 64,
        "roll": {"final": {"heads": roll.heads, "area": roll.area}},
        "motions": [motion_figures(tally)],
    }
    if tally.outcome is Outcome.PASSED:  # as somebody who stood alone
        stood = Candidate("m1", options[Option.AGREE], tally.outcome)
        one = a_contest(1, 1, 0, 1, Rank.HEADS)._replace(motions=("m1",))
        full["elections"] = [election_figures(elect(one, "ab" * 32, [stood]))]
    manifest = {"rules": {"quorum": QUORUM._asdict(), **{name: one._asdict() for name, one in MAJORITIES.items()}}}
    assert canonical.encode(public_tally(full)) == canonical.encode(verify.public_form(full, manifest))


MARKED = st.tuples(st.sampled_from(tuple(Option)), st.integers(1, 20_000))


@given(st.lists(MARKED, max_size=12), st.integers(0, 12), st.integers(0, 3), st.sampled_from(sorted(MATTERS)))
def test_both_count_the_silent_alike_in_the_full_and_in_the_public_form(ballots, silent, unreached, code):
    found = MATTERS[code]
    roll = {f"V{place}": Share(1, area) for place, (_, area) in enumerate(ballots)}
    counted = {
        f"V{place}": CastBallot("", f"V{place}", "", {"m1": option.value}) for place, (option, _) in enumerate(ballots)
    }
    roll |= {f"N{place}": Share(1, 9000) for place in range(silent + unreached + 1)}
    figure = Share(silent, silent * 9000)
    motion = tally(Question("m1", found, found.majority), roll=roll, counted=counted, invalid={}, silent=figure)
    full = motion_figures(motion)
    rules = {"quorum": QUORUM._asdict(), **{name: one._asdict() for name, one in MAJORITIES.items()}}
    noticed = {"matter": code, "class": found.majority.value}
    total = {"heads": motion.roll.heads, "area": motion.roll.area}
    base, options = full["without_invalid"]["participated"], full["options"]
    again = verify.count_silent(noticed, rules, total, options, base, figure._asdict(), verify.leader(options))
    assert (leader(motion.options) or None) == verify.leader(options)
    assert full["with_silent"] == again
    assert full["outcome"] == verify.outcome_of([full["without_invalid"], full["with_invalid"]], again)
    whole = {"form": "full", "public": "0" * 64, "roll": {"final": total}, "motions": [full]}
    assert canonical.encode(public_tally(whole)) == canonical.encode(verify.public_form(whole, {"rules": rules}))


CODES = tuple(f"m{place}" for place in range(1, 9))
STOOD = st.tuples(st.integers(0, 6), st.integers(0, 4), st.sampled_from(tuple(Outcome)))


def a_contest(seats: int, minimum: int, alternates: int, most: int, rank: Rank) -> Contest:
    return Contest("e1", "选举", "owners_committee", seats, minimum, alternates, most, rank, CODES)


@given(
    st.tuples(*[STOOD] * len(CODES)),
    st.integers(1, 8),
    st.integers(1, 8),
    st.integers(0, 8),
    st.sampled_from(tuple(Rank)),
    st.binary(min_size=32, max_size=32),
    st.booleans(),
)
def test_both_elect_the_same(figures, seats, minimum, alternates, rank, seed, public):
    """In a public package areas of few heads are not told: what the platform says must still be found possible."""
    one = a_contest(seats, min(minimum, seats), alternates, 8, rank)
    stood = [
        Candidate(code, Share(heads, heads * area), outcome)
        for code, (heads, area, outcome) in zip(CODES, figures, strict=True)
    ]
    told = election_figures(elect(one, seed.hex(), stood))
    areas = {item.motion: None if public and 0 < item.agreed.heads < 5 else item.agreed.area for item in stood}
    motions = {
        item.motion: {
            "outcome": item.outcome.value,
            "options": {"agree": {"heads": item.agreed.heads, "area": areas[item.motion]}},
        }
        for item in stood
    }
    told["ranking"] = [{**entry, "area": areas[entry["motion"]]} for entry in told["ranking"]]
    assert verify.expected_election(one.value, motions, told) == told


@given(
    st.fixed_dictionaries(dict.fromkeys(CODES, st.sampled_from(tuple(Option)))),
    st.integers(1, 8),
    st.integers(1, 3),
)
def test_both_see_the_same_ballots_agree_to_too_many(choices, most, other):
    first = a_contest(7, 5, 7, most, Rank.HEADS)._replace(motions=CODES[:5])
    second = a_contest(3, 2, 3, other, Rank.HEADS)._replace(code="e2", motions=CODES[5:])
    marks = {code: option.value for code, option in choices.items()}
    assert over_voted((first, second), marks) == verify.over_vote([first.value, second.value], marks)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40))
def test_both_grow_the_same_tree(leaves):
    assert merkle.root(leaves).hex() == verify.root_of(leaves)
