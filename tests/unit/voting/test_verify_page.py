"""docs/audit-package.md stays true: its worked example is made here, its lists are those of the program."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.record_builder import canonical, digest, leaf, small_record
from voting import verify

PAGE = Path(__file__).parents[3] / "docs" / "audit-package.md"


def worked_example() -> str:
    """The block of section 13, from the same record that the other tests verify."""
    record = small_record()
    rows = record.rows()
    tally = record.tally(rows)
    public = record.public(tally)
    full = tally | {"public": digest(canonical(public))}
    text = ["manifest.json", canonical(record.manifest).decode(), f"SHA-256, the assembly: {record.assembly}"]
    text += ["", "roll.jsonl, each line after its leaf hash"]
    text += [f"{leaf(entry)} {canonical(entry).decode()}" for entry in record.roll]
    text += [f"roll_root {record.manifest['roll_root']}", "", "log.jsonl, each line after its leaf hash"]
    text += [f"{leaf(entry)} {canonical(entry).decode()}" for entry in record.log]
    text += ["", "tree-heads.jsonl, first and last line"]
    text += [canonical(record.heads[at]).decode() for at in (0, -1)]
    text += ["", "counted.jsonl, each line after its leaf hash"]
    text += [f"{leaf(row)} {canonical(row).decode()}" for row in rows]
    text += [f"root {tally['counted']['root']}", "", "tally.json, public form", canonical(public).decode()]
    text += [f"SHA-256, `public` of the full form: {full['public']}"]
    text += [f"SHA-256 of the full form: {digest(canonical(full))}"]
    text += ["signature of the public form, key " + record.record_key.id, record.record_key.sign("tally", public)]
    return "\n".join(text) + "\n"


def test_the_worked_example_is_what_a_producer_writes_and_the_verifier_accepts(tmp_path: Path) -> None:
    page, example = PAGE.read_text(encoding="utf-8"), worked_example()
    assert f"```\n{example}```\n" in page, "section 13 should be:\n" + example
    path = tmp_path / "package.zip"
    path.write_bytes(small_record().package())
    verdict = verify.verify_package(path, small_record().assembly)
    assert verdict.ok
    assert f"SHA-256, the assembly: {verdict.assembly}" in page


def section(number: str) -> str:
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {number}. ", 1)[1]
    return text.split("\n## ", 1)[0]


def test_every_member_entry_type_and_reason_of_the_program_is_on_the_page() -> None:
    for name in verify.MEMBERS:
        assert f"| `{name}` |" in section("2")
    for kind, fields in verify.ENTRIES.items():
        row = next(line for line in section("5").splitlines() if line.startswith(f"| `{kind}` |"))
        missing = [field for field in fields if field not in row]
        assert not missing, (kind, missing)
    for reason in verify.INVALID_REASONS:
        assert f"`{reason}`" in section("5")
    for status in verify._RECEIPTS:
        assert f"`{status}`" in section("10")


@pytest.mark.parametrize(("shape", "number"), [(verify.MANIFEST, "3"), (verify.PACKAGE, "9"), (verify.RECEIPT, "10")])
def test_every_field_of_a_document_is_on_the_page(shape: dict[str, object], number: str) -> None:
    missing = [name for name in shape if name not in section(number)]
    assert not missing


def test_every_field_and_outcome_of_an_election_is_on_the_page() -> None:
    words = [*verify.ELECTION, *verify.RANKS, *verify.ELECTION_MATTERS]
    assert not [word for word in words if word not in section("3")]
    told = verify.tally_shape(public=False, elects=True)["elections"][0]
    assert not [word for word in (*told, *verify._STANDINGS) if word not in section("8").split("### 8.5 ")[1]]


def test_every_failure_speaks_chinese_with_the_same_values() -> None:
    tree = ast.parse(Path(verify.__file__).read_text(encoding="utf-8"))
    said = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("fail", "need"):
            texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            said |= {text for text in texts if " " in text}
    assert said == set(verify.CHINESE)
    for english, chinese in verify.CHINESE.items():
        assert english.count("{}") == chinese.count("{}"), english
