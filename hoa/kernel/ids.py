"""Ids, salts, nonces and codes. One source of randomness, so that the demo community can be grown from a seed."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from random import Random

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH = 20

_source: ContextVar[Callable[[int], bytes]] = ContextVar("random source", default=secrets.token_bytes)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw everything below from a seed. Only the demo and tests may do this: seeded nonces and salts protect
    nobody.
    """
    token = _source.set(Random(seed).randbytes)  # noqa: S311 - predictability is the purpose here
    try:
        yield
    finally:
        _source.reset(token)


def random_bytes(n: int) -> bytes:
    """`n` random bytes, from the operating system unless `seeded`."""
    return _source.get()(n)


def new_id() -> str:
    """A row id: 100 random bits as 20 characters that nobody confuses when reading aloud."""
    number = int.from_bytes(random_bytes(13)) >> 4
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(ID_LENGTH)))


def new_code(digits: int) -> str:
    """A decimal code of `digits` figures with leading zeros, uniform (rejection sampling)."""
    limit = 10**digits
    width = (limit.bit_length() + 7) // 8
    bound = (256**width // limit) * limit
    while (number := int.from_bytes(random_bytes(width))) >= bound:
        pass
    return str(number % limit).zfill(digits)
