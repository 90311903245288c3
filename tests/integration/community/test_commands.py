"""`hoa register`: what scripts rely on."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from hoa.cli import main
from hoa.community import service
from hoa.community.tables import Community, Unit
from hoa.platform import Platform
from tests.integration.community.scene import DATA, SMALL, a_register, workbook


def run(platform: Platform, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["register", *arguments], obj=platform)


def answer(result: Result) -> dict[str, Any]:
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def number_of_units(platform: Platform) -> int:
    with platform.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Unit)) or 0


SAMPLE, SPOILED = str(DATA / "register.xlsx"), str(DATA / "register-spoiled.xlsx")


def test_importing_the_sample_prints_what_is_expected_of_it(platform: Platform) -> None:
    expected = json.loads((DATA / "register.expected.json").read_text(encoding="utf-8"))
    result = run(platform, "import", SAMPLE, "--community", "WTY", "--create", "梧桐苑", "--json")
    assert result.exit_code == 0, result.output
    found = answer(result)
    assert {key: found[key] for key in expected} == expected
    assert (found["errors"], found["warnings"], found["imported"]) == ([], [], True)
    assert number_of_units(platform) == 512
    again = run(platform, "import", SAMPLE, "--community", "WTY", "--json")
    assert again.exit_code == 0
    assert answer(again)["changes"] == {"added": 0, "changed": 0, "removed": 0, "missing": 0}
    assert number_of_units(platform) == 512


def test_the_spoiled_copy_exits_non_zero_names_every_cell_and_imports_nothing(platform: Platform) -> None:
    result = run(platform, "import", SPOILED, "--community", "WTY", "--create", "梧桐苑", "--json")
    assert result.exit_code == 1
    found = answer(result)
    cells = [f"{error['column']}{error['row']}" for error in found["errors"]]
    assert cells == ["F10", "F20", "F30", "G40", "D50", "H60", "B80", "J90", "F100", "F516"]
    assert all(set(error) == {"sheet", "row", "column", "message"} for error in found["errors"])
    assert found["imported"] is False
    with platform.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Community)) == 0


def test_a_dry_run_tells_the_same_and_leaves_no_trace(platform: Platform) -> None:
    result = run(platform, "import", SAMPLE, "--community", "WTY", "--create", "梧桐苑", "--dry-run", "--json")
    assert result.exit_code == 0
    assert (answer(result)["heads"], answer(result)["imported"]) == (487, False)
    with platform.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Community)) == 0


def test_an_unknown_community_is_one_clear_sentence(platform: Platform) -> None:
    result = run(platform, "import", SAMPLE, "--community", "NOPE")
    assert result.exit_code == 1
    assert result.stderr.strip().splitlines() == ["没有代码为 NOPE 的小区，请核对代码，或先创建小区"]
    assert result.stdout == ""


@pytest.mark.parametrize("code", ["a b", "X", "小区", "A" * 13])
def test_a_code_that_cannot_be_used_creates_nothing(platform: Platform, code: str) -> None:
    result = run(platform, "import", SAMPLE, "--community", code, "--create", "梧桐苑")
    assert result.exit_code == 1
    assert "小区代码" in result.stderr
    assert number_of_units(platform) == 0


def test_a_file_that_is_no_workbook_is_an_error_of_the_whole_file(platform: Platform, tmp_path: Path) -> None:
    path = tmp_path / "notes.xlsx"
    path.write_text("nothing", encoding="utf-8")
    result = run(platform, "import", str(path), "--community", "WTY", "--create", "梧桐苑", "--json")
    assert result.exit_code == 1
    [error] = answer(result)["errors"]
    assert (error["sheet"], error["row"], error["column"]) == (None, None, None)
    assert ".xlsx" in error["message"]


def test_without_json_people_read_the_place_and_the_cure(platform: Platform) -> None:
    result = run(platform, "import", SPOILED, "--community", "WTY", "--create", "梧桐苑")
    assert result.exit_code == 1
    assert "业主清册!F10: “八十七” 不是面积" in result.stderr


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_an_export_holds_neither_certificates_nor_phones(platform: Platform, tmp_path: Path, ending: str) -> None:
    a_register(platform)
    path = tmp_path / f"out.{ending}"
    assert run(platform, "export", "--community", "WTY", "-o", str(path)).exit_code == 0
    if ending == "csv":
        content = path.read_text(encoding="utf-8-sig")
        assert "平志晓" in content
        assert not any(str(row[place]) in content for row in SMALL for place in (6, 7) if row[place])


def test_an_export_imported_again_changes_nothing(platform: Platform, tmp_path: Path) -> None:
    run(platform, "import", SAMPLE, "--community", "WTY", "--create", "梧桐苑")
    path = tmp_path / "out.xlsx"
    assert run(platform, "export", "--community", "WTY", "-o", str(path)).exit_code == 0
    result = run(platform, "import", str(path), "--community", "WTY", "--json")
    assert result.exit_code == 0, result.output
    found = answer(result)
    assert found["changes"] == {"added": 0, "changed": 0, "removed": 0, "missing": 0}
    assert found["heads"] == 487


def test_what_looks_like_a_formula_is_text_in_what_we_write(platform: Platform, tmp_path: Path) -> None:
    rows = [list(SMALL[0])]
    rows[0][5] = "-2+3 有限公司"
    rows[0][6] = None
    a_register(platform, rows=rows)
    path = tmp_path / "out.csv"
    run(platform, "export", "--community", "WTY", "-o", str(path))
    assert "'-2+3有限公司" in path.read_text(encoding="utf-8-sig")


def test_an_export_needs_a_name_that_says_what_it_is(platform: Platform, tmp_path: Path) -> None:
    a_register(platform)
    assert run(platform, "export", "--community", "WTY", "-o", str(tmp_path / "a.pdf")).exit_code == 2
    missing = tmp_path / "no" / "such" / "a.csv"
    assert run(platform, "export", "--community", "WTY", "-o", str(missing)).exit_code == 1


def test_units_left_out_go_only_when_asked(platform: Platform, tmp_path: Path) -> None:
    community = a_register(platform)
    path = tmp_path / "few.xlsx"
    path.write_bytes(workbook(SMALL[:2]))
    kept = answer(run(platform, "import", str(path), "--community", "WTY", "--json"))
    assert (kept["changes"]["missing"], kept["changes"]["removed"], kept["register"]["units"]) == (3, 0, 5)
    gone = answer(run(platform, "import", str(path), "--community", "WTY", "--remove-missing", "--json"))
    assert (gone["changes"]["removed"], gone["register"]["units"]) == (3, 2)
    with platform.database.reading() as session:
        assert service.totals(session, community).units == 2
