"""Seals on PDFs: valid ones are named, and a flipped byte, a re-save or a turned page is refused (books.md 5, 6)."""

import random
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from hoa.ports.certificates import LocalCertificates
from hoa.web.pdf import Attachment, render_pdf
from hoa.web.pdf_sign import (
    BROKEN,
    CHANGED_AFTERWARDS,
    CHANGED_UNDER_SEAL,
    MOST_LINKS,
    MOST_SIGNATURES,
    NOT_READABLE,
    NOT_SIGNED,
    OUT_OF_TIME,
    SOUND,
    SOUND_EXTENDED,
    TOO_MANY,
    UNKNOWN_SIGNER,
    Verdict,
    sign_pdf,
    verify_pdf,
)

NOW = datetime(2026, 10, 20, 10, 0, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture(name="certificates", scope="module")
def _certificates(tmp_path_factory: pytest.TempPathFactory) -> LocalCertificates:
    return LocalCertificates(tmp_path_factory.mktemp("keys"))


@pytest.fixture(name="plain", scope="module")
def _plain() -> bytes:
    files = [Attachment(name="ledger.json", content=b'{"a":1}', media_type="application/json")]
    return render_pdf("<title>报告</title><h1>一</h1><p>䶮源养护</p>", created=NOW, attachments=files)


def sign(pdf: bytes, certificates: LocalCertificates, name: str, *, certify: bool, minutes: int = 0) -> bytes:
    moment = NOW + timedelta(minutes=minutes)
    return sign_pdf(
        pdf, seal=certificates.seal(now=NOW), now=moment, field_name=name, reason="平台签章", certify=certify
    )


@pytest.fixture(name="five", scope="module")
def _five(plain: bytes, certificates: LocalCertificates) -> bytes:
    signed = sign(plain, certificates, "S0", certify=True)
    for number in range(1, 5):
        signed = sign(signed, certificates, f"S{number}", certify=False, minutes=number)
    return signed


def check(content: bytes, certificates: LocalCertificates, *, days: int = 1) -> Verdict:
    return verify_pdf(content, trust_roots=certificates.trust_roots(), now=NOW + timedelta(days=days))


def test_one_seal_is_sound_and_tells_who_and_when(plain: bytes, certificates: LocalCertificates) -> None:
    verdict = check(sign(plain, certificates, "Platform", certify=True), certificates)
    (signature,) = verdict.signatures
    assert (verdict.valid, signature.sentence) == (True, SOUND)
    assert signature.sentence % signature.params == (
        "签名有效：自小区自治平台 文件签章于 2026-10-20 10:00 签署以来，文件没有任何改动"
    )
    assert dict(verdict.attachments) == {"ledger.json": b'{"a":1}'}


def test_five_signatures_are_all_sound(five: bytes, certificates: LocalCertificates) -> None:
    verdict = check(five, certificates)
    assert [item.sentence for item in verdict.signatures] == [SOUND_EXTENDED] * 4 + [SOUND]
    assert verdict.valid


def test_no_flipped_byte_goes_unnoticed(plain: bytes, five: bytes, certificates: LocalCertificates) -> None:
    """Also none inside the signature's own text, which no signature covers."""
    chosen = random.Random(20261020)  # noqa: S311 - positions of a test, nothing secret
    one = sign(plain, certificates, "Platform", certify=True)
    gap = range(one.rindex(b"/Contents <"), one.index(b">", one.rindex(b"/Contents <")))
    cases = [(one, at) for at in (*chosen.sample(range(len(one)), 40), *chosen.sample(gap, 80), 0, len(one) - 1)]
    cases += [(five, at) for at in chosen.sample(range(len(five)), 12)]
    for content, position in cases:
        changed = bytearray(content)
        changed[position] ^= 1
        verdict = check(bytes(changed), certificates)
        assert not verdict.valid, position
        assert not any(item.valid for item in verdict.signatures), position


def test_the_unsigned_gap_may_hold_nothing_but_the_signature(five: bytes, certificates: LocalCertificates) -> None:
    """Hexadecimal in another letter case decodes to the same bytes; only a comparison of the raw text sees it."""
    start = five.rindex(b"/Contents <") + len(b"/Contents <")
    letter = next(at for at in range(start, len(five)) if five[at : at + 1] in b"ABCDEF")
    changed = five[:letter] + five[letter : letter + 1].lower() + five[letter + 1 :]
    assert check(changed, certificates).signatures[-1].sentence == CHANGED_UNDER_SEAL


def test_a_saved_again_file_is_refused_throughout(five: bytes, certificates: LocalCertificates) -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(five)) as pdf:
        pdf.save(out)
    verdict = check(out.getvalue(), certificates)
    assert len(verdict.signatures) == 5
    assert {item.sentence for item in verdict.signatures} <= BROKEN


def test_a_turned_page_is_refused_throughout(five: bytes, certificates: LocalCertificates) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(five))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = generic.NumberObject(90)
    writer.update_container(page)
    out = BytesIO()
    writer.write(out)
    verdict = check(out.getvalue(), certificates)
    assert [item.sentence for item in verdict.signatures] == [CHANGED_AFTERWARDS] * 5
    assert not verdict.attachments


@pytest.mark.parametrize("tail", [b"\n", b"\0" * 100, b"%%EOF\n"])
def test_bytes_appended_to_the_end_are_refused(tail: bytes, five: bytes, certificates: LocalCertificates) -> None:
    assert not any(item.valid for item in check(five + tail, certificates).signatures)


def test_a_seal_of_a_stranger_is_nobodys(plain: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another deployment of this platform is told apart in test_pdf_countersign; this is anybody's certificate."""
    ours = LocalCertificates(tmp_path / "ours")
    ours.seal(now=NOW)
    monkeypatch.setattr("hoa.ports.certificates.PLATFORM_NAME", "某某公司")
    verdict = check(sign(plain, LocalCertificates(tmp_path / "theirs"), "Seal", certify=True), ours)
    assert {item.sentence for item in verdict.signatures} == {UNKNOWN_SIGNER}
    assert not verdict.valid


def test_a_seal_after_its_certificate_ended_is_not_vouched_for(five: bytes, certificates: LocalCertificates) -> None:
    verdict = check(five, certificates, days=365 * 31)
    assert {item.sentence for item in verdict.signatures} == {OUT_OF_TIME}


def test_files_without_a_signature_get_an_answer_not_an_error(plain: bytes, certificates: LocalCertificates) -> None:
    assert check(plain, certificates).problem == NOT_SIGNED
    for content in (b"", b"%PDF-1.7", b"PK\x03\x04", "䶮".encode() * 100, plain[: len(plain) // 2]):
        assert check(content, certificates).problem in (NOT_READABLE, NOT_SIGNED)


def test_a_file_with_more_revisions_or_signatures_than_any_report_is_not_judged() -> None:
    """Both cost a visitor nothing to make and everybody else the time."""
    links = b"%PDF-1.7\n" + b"/Prev 9 " * (MOST_LINKS // 2) + b"/P#72ev 9 " * (MOST_LINKS // 2 + 1)
    fields = b" ".join(b"%d 0 R" % (3 + number) for number in range(MOST_SIGNATURES + 1))
    parts = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[" + fields + b"]>>>>",
        b"<</Type/Pages/Kids[]/Count 0>>",
        *(b"<</FT/Sig/T(a%d)/V<</Type/Sig>>>>" % number for number in range(MOST_SIGNATURES + 1)),
    ]
    many = b"%PDF-1.7\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    for number, part in enumerate(parts, start=1):
        table += b"%010d 00000 n \n" % len(many)
        many += b"%d 0 obj" % number + part + b"endobj\n"
    end = b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, len(many))
    for content in (links, many + table + end):
        assert verify_pdf(content, trust_roots=(), now=NOW).problem == TOO_MANY
