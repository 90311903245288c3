"""Rule packs as data: the same parameters everywhere, each with its source and whether anybody read it."""

from hoa.kernel import packs

PACKS = {pack.code: pack for pack in packs.all_packs()}
NATIONAL = PACKS["cn-national"]


def test_every_pack_says_the_same_things_and_names_a_source_for_each():
    assert set(PACKS) == {"cn-national", "cn-beijing", "cn-shanghai", "cn-hangzhou", "cq-draft"}
    for pack in PACKS.values():
        assert set(pack.parameters) == set(NATIONAL.parameters), pack.code
        assert all(parameter.source for parameter in pack.parameters.values())


def test_a_text_that_nobody_read_is_verified_nowhere():
    chongqing = PACKS["cq-draft"]
    assert not chongqing.verified
    assert not any(parameter.verified for parameter in chongqing.parameters.values())
