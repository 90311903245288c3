"""Signatures by keys that never come here: prepared, signed elsewhere, embedded, and judged like the seal."""

import io
from datetime import datetime, timedelta, timezone
from io import BytesIO

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from hoa.demo.signing_keys import DemoKey
from hoa.kernel import sign_files, signing
from hoa.ports.certificates import LocalCertificates
from hoa.web.pdf import Attachment, render_pdf
from hoa.web.pdf_countersign import Prepared, embed, prepare
from hoa.web.pdf_sign import (
    BROKEN,
    CHANGED_AFTERWARDS,
    CHANGED_UNDER_SEAL,
    NOT_SEALED,
    OTHER_DEPLOYMENT,
    SOUND,
    SOUND_EXTENDED,
    Verdict,
    sign_pdf,
    verify_pdf,
)

NOW = datetime(2026, 10, 20, 10, 0, tzinfo=timezone(timedelta(hours=8)))
PEOPLE = ("supervisor", "other_supervisor", "third_supervisor", "auditor")


@pytest.fixture(name="certificates", scope="module")
def _certificates(tmp_path_factory: pytest.TempPathFactory) -> LocalCertificates:
    return LocalCertificates(tmp_path_factory.mktemp("keys"))


@pytest.fixture(name="plain", scope="module")
def _plain() -> bytes:
    files = [Attachment(name="report.json", content=b'{"a":1}', media_type="application/json")]
    return render_pdf("<title>报告</title><h1>一</h1><p>䶮源养护</p>", created=NOW, attachments=files)


@pytest.fixture(name="sealed", scope="module")
def _sealed(plain: bytes, certificates: LocalCertificates) -> bytes:
    return sign_pdf(plain, seal=certificates.seal(now=NOW), now=NOW, field_name="PlatformSeal", reason="平台签章")


def issued(certificates: LocalCertificates, who: str) -> bytes:
    return certificates.personal(public=DemoKey(who).public, name=f"{who}（监督委员）", organization="小区", now=NOW)


def prepared(pdf: bytes, certificate: bytes, number: int) -> Prepared:
    return prepare(
        pdf,
        certificate=certificate,
        now=NOW + timedelta(minutes=number),
        field_name=f"Countersignature{number}",
        reason="监督",
    )


def countersigned(pdf: bytes, certificates: LocalCertificates, who: str, number: int) -> bytes:
    """As the server and the signer do it: what travels between them is an item to sign, and r ‖ s back."""
    certificate = issued(certificates, who)
    made = prepared(pdf, certificate, number)
    item = sign_files.pdf_item("report", attributes=made.attributes, digest=made.digest)
    (read,) = sign_files.read_to_sign(sign_files.write_to_sign("p256:x", [item])).items
    return embed(pdf, made, certificate=certificate, signature=DemoKey(who).sign(read.message))


@pytest.fixture(name="five", scope="module")
def _five(sealed: bytes, certificates: LocalCertificates) -> bytes:
    pdf = sealed
    for number, who in enumerate(PEOPLE, start=1):
        pdf = countersigned(pdf, certificates, who, number)
    return pdf


def check(content: bytes, certificates: LocalCertificates) -> Verdict:
    return verify_pdf(content, trust_roots=certificates.trust_roots(), now=NOW + timedelta(days=1))


def test_five_signatures_of_five_keys_are_sound(five: bytes, certificates: LocalCertificates) -> None:
    verdict = check(five, certificates)
    assert [item.sentence for item in verdict.signatures] == [SOUND_EXTENDED] * 4 + [SOUND]
    assert verdict.valid
    assert [item.signer for item in verdict.signatures[1:]] == [f"{who}（监督委员）" for who in PEOPLE]
    assert [item.platform for item in verdict.signatures] == [True, False, False, False, False]
    assert dict(verdict.attachments) == {"report.json": b'{"a":1}'}


def test_a_signature_leaves_what_the_pdf_says_of_itself_as_it_was(five: bytes, plain: bytes) -> None:
    with pikepdf.open(BytesIO(five)) as signed, pikepdf.open(BytesIO(plain)) as before:
        assert signed.pdf_version == before.pdf_version == "1.7"
        assert "/Version" not in signed.Root
        assert {name: str(value) for name, value in signed.docinfo.items()} == {
            name: str(value) for name, value in before.docinfo.items()
        }
        assert signed.Root.Metadata.read_bytes() == before.Root.Metadata.read_bytes()


def test_a_flipped_byte_breaks_all_five(five: bytes, certificates: LocalCertificates) -> None:
    for share in (0.2, 0.5, 0.9, 0.97, 0.999):
        changed = bytearray(five)
        changed[int(len(five) * share)] ^= 1
        verdict = check(bytes(changed), certificates)
        assert not any(item.valid for item in verdict.signatures), share
        assert not verdict.valid


def test_a_re_save_and_a_turned_page_break_all_five(five: bytes, certificates: LocalCertificates) -> None:
    saved = io.BytesIO()
    with pikepdf.open(BytesIO(five)) as pdf:
        pdf.save(saved)
    again = check(saved.getvalue(), certificates)
    assert len(again.signatures) == 5
    assert {item.sentence for item in again.signatures} <= BROKEN
    writer = IncrementalPdfFileWriter(BytesIO(five))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = generic.NumberObject(90)
    writer.update_container(page)
    turned = io.BytesIO()
    writer.write(turned)
    assert [item.sentence for item in check(turned.getvalue(), certificates).signatures] == [CHANGED_AFTERWARDS] * 5


def test_another_keys_signature_does_not_fit_the_certificate(sealed: bytes, certificates: LocalCertificates) -> None:
    certificate = issued(certificates, "supervisor")
    made = prepared(sealed, certificate, 1)
    forged = embed(sealed, made, certificate=certificate, signature=DemoKey("somebody").sign(made.attributes))
    assert check(forged, certificates).signatures[-1].sentence == CHANGED_UNDER_SEAL


def test_a_persons_certificate_alone_vouches_for_no_file(plain: bytes, certificates: LocalCertificates) -> None:
    """Whoever countersigned once holds a key with a certificate of ours, and any PDF they like."""
    certificates.seal(now=NOW)
    verdict = check(countersigned(plain, certificates, "supervisor", 1), certificates)
    assert [item.sentence for item in verdict.signatures] == [NOT_SEALED]
    assert not verdict.valid
    assert not verdict.attachments


def test_another_deployment_is_told_from_a_stranger(five: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = LocalCertificates(tmp_path_factory.mktemp("other"))
    other.seal(now=NOW)
    verdict = check(five, other)
    assert {item.sentence for item in verdict.signatures} == {OTHER_DEPLOYMENT}
    assert "文件签章根证书" in verdict.signatures[0].sentence % verdict.signatures[0].params


def test_only_a_pdfs_attributes_can_be_signed_as_such(sealed: bytes, certificates: LocalCertificates) -> None:
    """Nothing that means something elsewhere passes as a PDF's signature, and no other document's digest."""
    made = prepared(sealed, issued(certificates, "supervisor"), 1)
    good = sign_files.pdf_item("report", attributes=made.attributes, digest=made.digest)
    assert good.message == made.attributes
    ballot = signing.message("tally", {"yes": 1})
    for attributes, digest in (
        (ballot, made.digest),
        (b"\x31" + ballot, made.digest),
        (made.attributes, "00" * 32),
        (made.attributes, made.digest[:-2]),
        (made.attributes * 2, made.digest),
    ):
        bad = sign_files.pdf_item("report", attributes=attributes, digest=digest)
        with pytest.raises(sign_files.NotAToSignFile):
            sign_files.read_to_sign(sign_files.write_to_sign("p256:x", [bad]))
        with pytest.raises(sign_files.NotAToSignFile):
            _ = bad.message
