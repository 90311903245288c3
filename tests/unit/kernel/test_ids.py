from collections import Counter
from datetime import datetime

import pytest

from hoa.kernel import ids
from hoa.kernel.clock import CHINA

NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)


def test_ids_are_twenty_unmistakable_characters_and_do_not_repeat() -> None:
    made = {ids.new_id() for _ in range(2000)}
    assert len(made) == 2000
    assert {len(one) for one in made} == {20}
    assert set("".join(made)) == set(ids.ALPHABET)
    assert not set("ilou") & set(ids.ALPHABET)


@pytest.mark.parametrize("digits", [1, 6, 8])
def test_a_code_has_its_number_of_figures(digits: int) -> None:
    for _ in range(200):
        code = ids.new_code(digits)
        assert len(code) == digits
        assert code.isascii()
        assert code.isdigit()


def test_codes_are_uniform() -> None:
    with ids.seeded(1):
        counts = Counter(ids.new_code(1) for _ in range(10_000))
    assert len(counts) == 10
    assert all(850 < count < 1150 for count in counts.values())


def test_the_same_seed_grows_the_same_ids_and_only_inside_its_block() -> None:
    with ids.seeded(7):
        first = [ids.new_id(), ids.new_code(6), ids.random_bytes(4)]
    with ids.seeded(7):
        again = [ids.new_id(), ids.new_code(6), ids.random_bytes(4)]
        with ids.seeded(8):
            other = ids.new_id()
    assert first == again
    assert other != first[0]
    assert ids.new_id() != ids.new_id()


def test_a_seed_ends_with_its_block_even_when_it_fails() -> None:
    with pytest.raises(RuntimeError), ids.seeded(7):
        raise RuntimeError
    assert ids.random_bytes(16) != ids.random_bytes(16)
