"""Accounts give no powers: what people may do comes from offices and ownership."""

from collections.abc import Mapping

from hoa.kernel.posts import Post

POWERS: Mapping[str, frozenset[Post]] = {}
