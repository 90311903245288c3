"""Lists of an assembly as files; made as every other room's are."""

from hoa.community.lists import MEDIA, as_csv, as_xlsx

__all__ = ["MEDIA", "as_csv", "as_xlsx"]
