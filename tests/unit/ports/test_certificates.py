"""The deployment's certificate authority: created once, kept private, and one even when two processes start at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from hoa.ports.certificates import LocalCertificates, fingerprint

NOW = datetime(2026, 10, 20, 10, 0, tzinfo=timezone(timedelta(hours=8)))


def test_the_seal_is_made_once_under_an_authority_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    certificates = LocalCertificates(folder)
    assert certificates.trust_roots() == []
    seal = certificates.seal(now=NOW)
    assert LocalCertificates(folder).seal(now=NOW + timedelta(days=900)) == seal
    assert list(certificates.trust_roots()) == [seal.authority]
    held, root = (x509.load_der_x509_certificate(der) for der in (seal.certificate, seal.authority))
    held.verify_directly_issued_by(root)
    assert isinstance(held.public_key(), ec.EllipticCurvePublicKey)
    assert held.not_valid_after_utc < root.not_valid_after_utc
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert sorted(path.name for path in folder.iterdir()) == ["pdf-authority.pem", "pdf-seal.pem"]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_two_processes_that_start_at_once_end_with_one_seal(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        seals = list(pool.map(lambda _: LocalCertificates(tmp_path).seal(now=NOW), range(8)))
    assert len(set(seals)) == 1


def test_a_fingerprint_is_eight_groups_people_can_compare() -> None:
    assert fingerprint(b"abc") == "ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c b410ff61 f20015ad"
