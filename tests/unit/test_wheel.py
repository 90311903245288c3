"""What an installed wheel carries: everything the code opens beside itself, the templates too."""

import tomllib
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from tests.unit.test_house import ROOT, tracked

PARTS = ("hoa", "voting", "finance", "templates")
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


def data_files() -> list[PurePosixPath]:
    """Tracked files in the folders of the code that are no modules, and the catalogues that `make setup` compiles."""
    inside = [PurePosixPath(path.relative_to(ROOT)) for path in tracked() if path.relative_to(ROOT).parts[0] in PARTS]
    compiled = [path.with_suffix(".mo") for path in inside if path.suffix == ".po"]
    return [path for path in [*inside, *compiled] if path.suffix != ".py"]


def test_every_file_that_the_code_opens_beside_itself_is_in_the_wheel() -> None:
    patterns = SETUPTOOLS["package-data"]["*"]
    forgotten = [path for path in data_files() if not any(fnmatchcase(path.name, pattern) for pattern in patterns)]
    assert not forgotten, "add their ending to package-data in pyproject.toml"


def test_package_data_promises_no_kind_of_file_that_is_not_there() -> None:
    names = [path.name for path in data_files()]
    promised = SETUPTOOLS["package-data"]["*"]
    assert [pattern for pattern in promised if not any(fnmatchcase(name, pattern) for name in names)] == []


def test_every_folder_with_such_files_is_found_as_a_package() -> None:
    folders = {".".join(path.parent.parts) for path in data_files()}
    included = SETUPTOOLS["packages"]["find"]["include"]
    assert [name for name in sorted(folders) if not any(fnmatchcase(name, pattern) for pattern in included)] == []
