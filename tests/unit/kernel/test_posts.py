from hoa.kernel import posts


def test_every_post_is_listed_once_and_reads_as_body_and_kind() -> None:
    assert len(set(posts.POSTS)) == len(posts.POSTS)
    assert len({str(post) for post in posts.POSTS}) == len(posts.POSTS)
    assert str(posts.COMMITTEE_CHAIR) == "owners_committee.chair"


def test_owning_is_no_office() -> None:
    assert posts.OWNER not in posts.EVERY_OFFICE
    assert frozenset({*posts.EVERY_OFFICE, posts.OWNER}) == posts.EVERYONE


def test_committee_and_supervisors_share_no_post() -> None:
    assert not posts.COMMITTEE & posts.SUPERVISORS
    assert posts.COMMITTEE | posts.SUPERVISORS | posts.AUTHORITIES | posts.PREPARATORY_GROUP <= posts.EVERY_OFFICE
