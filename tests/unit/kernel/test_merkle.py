"""The tree of RFC 9162, against the definition written as recursively as the RFC writes it."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import merkle


def definition(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + definition(leaves[:k]) + definition(leaves[k:])).digest()


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"leaf %d" % number) for number in range(count)]


sizes = st.integers(0, 70)


def test_known_answers_of_the_certificate_transparency_test_vectors() -> None:
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    hashes = [merkle.leaf_hash(bytes.fromhex(entry)) for entry in entries]
    assert merkle.root(hashes[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(hashes).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(sizes)
def test_all_ways_to_the_root_agree_with_the_definition(size: int) -> None:
    hashes = leaves(size)
    assert merkle.root(hashes) == merkle.Tree(hashes).root() == merkle.Frontier().extend(hashes).root
    assert merkle.root(hashes) == definition(hashes)


@given(sizes, sizes)
def test_a_frontier_goes_on_where_it_stopped(first: int, second: int) -> None:
    hashes = leaves(first + second)
    frontier = merkle.Frontier().extend(hashes[:first])
    again = merkle.Frontier(frontier.size, frontier.hashes)
    for leaf in hashes[first:]:
        again = again.append(leaf)
    assert again == merkle.Frontier().extend(hashes)
    assert again.size == first + second


@pytest.mark.parametrize(("size", "hashes"), [(-1, ()), (1, ()), (3, (b"x" * 32,)), (2, (b"x" * 32,) * 2)])
def test_a_frontier_that_cannot_be_is_refused(size: int, hashes: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="frontier"):
        merkle.Frontier(size, hashes)


@given(st.integers(1, 70), st.data())
def test_every_leaf_of_every_size_proves_itself(size: int, data: st.DataObject) -> None:
    tree = merkle.Tree(leaves(70))
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion_proof(index, size)
    leaf = leaves(70)[index]
    assert proof == merkle.inclusion_proof(leaves(size), index)
    assert merkle.verify_inclusion(leaf=leaf, index=index, size=size, proof=proof, root=tree.root(size))
    other = leaves(71)[70]
    assert not merkle.verify_inclusion(leaf=other, index=index, size=size, proof=proof, root=tree.root(size))
    assert not merkle.verify_inclusion(leaf=leaf, index=index, size=size, proof=[*proof, other], root=tree.root(size))
    if proof:
        assert not merkle.verify_inclusion(leaf=leaf, index=index, size=size, proof=proof[:-1], root=tree.root(size))
    wrong = data.draw(st.integers(0, size - 1).filter(lambda i: i != index)) if size > 1 else 1
    assert not merkle.verify_inclusion(leaf=leaf, index=wrong, size=size, proof=proof, root=tree.root(size))


def test_a_leaf_outside_the_tree_has_no_proof() -> None:
    tree = merkle.Tree(leaves(3))
    for index, size in [(3, 3), (-1, 3), (0, 4), (2, 2)]:
        with pytest.raises(IndexError):
            tree.inclusion_proof(index, size)
    assert not merkle.verify_inclusion(leaf=leaves(1)[0], index=3, size=3, proof=[], root=tree.root())
    assert not merkle.verify_inclusion(leaf=leaves(1)[0], index=-1, size=3, proof=[], root=tree.root())


@given(sizes, sizes, st.data())
def test_every_earlier_tree_proves_to_be_the_beginning(one: int, other: int, data: st.DataObject) -> None:
    old, new = sorted((one, other))
    tree = merkle.Tree(leaves(new))
    proof = tree.consistency_proof(old, new)
    old_root, new_root = tree.root(old), tree.root(new)

    def holds(proof: list[bytes], old_root: bytes = old_root, new_root: bytes = new_root) -> bool:
        return merkle.verify_consistency(old=old, new=new, old_root=old_root, new_root=new_root, proof=proof)

    assert proof == merkle.consistency_proof(leaves(new), old)
    assert holds(proof)
    assert not holds([*proof, b"x" * 32])
    assert not holds(proof, old_root=b"x" * 32)
    if old:
        assert not holds(proof, new_root=b"x" * 32)
    if proof:
        assert not holds(proof[:-1])
        changed = data.draw(st.integers(0, len(proof) - 1))
        assert not holds([*proof[:changed], b"x" * 32, *proof[changed + 1 :]])


def test_a_rewritten_past_cannot_be_proved() -> None:
    honest = leaves(9)
    forged = [*honest[:4], merkle.leaf_hash(b"swapped"), *honest[5:]]
    tree = merkle.Tree(forged)
    for proof in (tree.consistency_proof(6), merkle.consistency_proof(honest, 6)):
        assert not merkle.verify_consistency(
            old=6, new=9, old_root=merkle.root(honest[:6]), new_root=tree.root(), proof=proof
        )


def test_a_tree_cannot_shrink() -> None:
    tree = merkle.Tree(leaves(4))
    with pytest.raises(IndexError):
        tree.consistency_proof(5, 4)
    with pytest.raises(IndexError):
        tree.root(5)
    assert not merkle.verify_consistency(old=4, new=3, old_root=tree.root(), new_root=tree.root(3), proof=[])
    assert not merkle.verify_consistency(old=-1, new=3, old_root=tree.root(), new_root=tree.root(3), proof=[])
    assert not merkle.verify_consistency(old=3, new=4, old_root=tree.root(3), new_root=tree.root(), proof=[])


def test_anything_begins_with_the_empty_tree_but_only_with_its_own_root() -> None:
    tree = merkle.Tree(leaves(4))
    assert merkle.verify_consistency(old=0, new=4, old_root=merkle.EMPTY_ROOT, new_root=tree.root(), proof=[])
    assert not merkle.verify_consistency(old=0, new=4, old_root=tree.root(), new_root=tree.root(), proof=[])
