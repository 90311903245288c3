"""The hash tree of RFC 9162 (Certificate Transparency 2.0), over leaf hashes that the caller made with ``leaf_hash``.

``Frontier`` is the little that must be remembered to go on appending; ``Tree`` also answers proofs. Both append n
leaves with n - 1 hashes altogether.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a leaf; the prefix keeps a leaf from passing as an inner node (second-preimage safety, 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count: int) -> int:
    """The largest power of two smaller than ``count`` (count > 1)."""
    return 1 << (count - 1).bit_length() - 1


@dataclass(frozen=True)
class Frontier:
    """A tree reduced to the roots of its complete subtrees, largest first: enough to append and to give the root."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueError("a frontier holds one hash per binary one of its size")

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier after appending these leaf hashes."""
        size, stack = self.size, list(self.hashes)
        for leaf in leaves:
            node = leaf
            level = size
            while level & 1:
                node = node_hash(stack.pop(), node)
                level >>= 1
            stack.append(node)
            size += 1
        return Frontier(size, tuple(stack))

    def append(self, leaf: bytes) -> Frontier:
        return self.extend((leaf,))

    @property
    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY_ROOT
        node = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            node = node_hash(left, node)
        return node


class Tree:
    """All complete subtrees in memory (twice the leaves): root and proofs at any earlier size in O(log n) hashes."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        level, node = 0, leaf
        while True:
            row = self._levels[level]
            row.append(node)
            if len(row) % 2:
                return
            node = node_hash(row[-2], row[-1])
            level += 1
            if level == len(self._levels):
                self._levels.append([])

    def root(self, size: int | None = None) -> bytes:
        """Root of the first ``size`` leaves (all by default)."""
        size = self._size(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """PATH(index, D[size]) of RFC 9162 2.1.3.1."""
        size = self._size(size)
        if not 0 <= index < size:
            raise IndexError("no such leaf in a tree of this size")
        proof: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                proof.append(self._range(middle, high))
                high = middle
            else:
                proof.append(self._range(low, middle))
                low = middle
        return proof[::-1]

    def consistency_proof(self, old: int, size: int | None = None) -> list[bytes]:
        """PROOF(old, D[size]) of RFC 9162 2.1.4.1; empty where nothing needs proof (old is 0 or the whole tree)."""
        size = self._size(size)
        if not 0 <= old <= size:
            raise IndexError("the older tree cannot be larger than the newer one")
        if old in (0, size):
            return []
        proof: list[bytes] = []
        low, high = 0, size
        while old != high:
            middle = low + _split(high - low)
            if old <= middle:
                proof.append(self._range(middle, high))
                high = middle
            else:
                proof.append(self._range(low, middle))
                low = middle
        if low:  # otherwise the verifier knows this subtree: it is the old root itself
            proof.append(self._range(low, high))
        return proof[::-1]

    def _size(self, size: int | None) -> int:
        if size is None:
            return len(self)
        if not 0 <= size <= len(self):
            raise IndexError("the tree has not grown to this size")
        return size

    def _range(self, low: int, high: int) -> bytes:
        count = high - low
        if count & (count - 1) == 0:  # complete, and aligned because splits are
            level = count.bit_length() - 1
            return self._levels[level][low >> level]
        middle = low + _split(count)
        return node_hash(self._range(low, middle), self._range(middle, high))


def root(leaves: Iterable[bytes]) -> bytes:
    """Root over leaf hashes."""
    return Frontier().extend(leaves).root


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """One proof over leaf hashes; for many proofs make one ``Tree``."""
    return Tree(leaves).inclusion_proof(index)


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Proof that the first ``old`` leaf hashes are the beginning of ``leaves``."""
    return Tree(leaves).consistency_proof(old)


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 2.1.3.2: whether ``leaf`` (a leaf hash) stands at ``index`` in the tree of ``size`` with ``root``."""
    if not 0 <= index < size:
        return False
    position, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and node == root


def verify_consistency(*, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 2.1.4.2: whether the tree of ``new`` leaves begins with the tree of ``old`` leaves."""
    if not 0 <= old <= new:
        return False
    if old == 0:  # everything begins with nothing
        return not proof and old_root == EMPTY_ROOT
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old_node = new_node = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_node = node_hash(sibling, old_node)
            new_node = node_hash(sibling, new_node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            new_node = node_hash(new_node, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and old_node == old_root and new_node == new_root
