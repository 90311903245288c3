"""The report on paper: HTML and PDF from one template and one data object, sealed by the platform (books.md 5)."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from finance.audit import present
from finance.audit.rules.report import KIND_NAMES, LANGUAGES, Kind
from finance.service.export import safe_cell
from hoa.kernel import canonical, money
from hoa.kernel.clock import parse_stamp
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.ports.certificates import LocalCertificates, fingerprint
from hoa.web import i18n, paper
from hoa.web.pdf import PRINT_CSS, Attachment, print_style, render_parts, render_pdf
from hoa.web.pdf_sign import sign_pdf

# One table's cost grows faster than its rows (books.md 5), so a longer ledger is laid out in parts.
ROWS_A_PART = 1_000
PAGE_LABEL = N_("第 %(page)s 页 / 共 %(pages)s 页")
LEDGER_HEADINGS = (
    "凭证号", "日期", "种类", "摘要", "对方", "科目", "来源或用途", "发票号", "收入（元）", "支出（元）",
    "决议", "合同", "单据数", "凭证哈希",
)  # fmt: skip
FINDING_HEADINGS = ("序号", "编号", "问题", "程度", "事实", "金额（元）", "依据", "责任方", "建议", "证据")
SEAL_FIELD = "PlatformSeal"
Tell = Callable[[int, int], None]


def certificates(platform: Platform) -> LocalCertificates:
    """The deployment's seal and its authority, beside its other keys."""
    return LocalCertificates(platform.settings.data / "keys")


def as_pdf(
    platform: Platform,
    content: Mapping[str, Any],
    *,
    address: str,
    now: datetime,
    language: str = LANGUAGES[0],
    tell: Tell = lambda _done, _all: None,
) -> bytes:
    """The sealed PDF. `address` is the page of the report that its QR code leads to; `tell` hears the progress.

    In every language the attached files are the same: they are the data, and the printed hash is of the data.
    """
    seal = certificates(platform).seal(now=now)
    parts = _documents(platform, content, language=language, address=address, seal=fingerprint(seal.certificate))
    steps = len(parts) + 2
    tell(0, steps)
    name = title(content, language)
    common: dict[str, Any] = {
        "created": parse_stamp(content["made_at"]),
        "title": name,
        "language": language,
        "base_url": platform.settings.base_url,
        "attachments": attachments(content),
        "author": content["community"]["name"],
    }
    if len(parts) == 1:
        pdf = render_pdf(parts[0], **common)
    else:
        label = paper.translated(PAGE_LABEL, language=language, page="{page}", pages="{pages}")
        pdf = render_parts(parts, page_label=label, tell=lambda done: tell(done, steps), **common)
    tell(steps - 1, steps)
    reason = f"{name} sha256:{canonical.digest(content)}"
    signed = sign_pdf(pdf, seal=seal, now=now, field_name=SEAL_FIELD, reason=reason)
    tell(steps, steps)
    return signed


def as_html(
    platform: Platform, content: Mapping[str, Any], *, address: str, now: datetime, language: str = LANGUAGES[0]
) -> str:
    """The same document as one HTML file that needs nothing else: the style sheet stands inside it."""
    seal = certificates(platform).seal(now=now)
    html = _whole(platform, content, language=language, address=address, seal=fingerprint(seal.certificate))
    sheet = f'<link rel="stylesheet" href="{PRINT_CSS}">'
    if sheet not in html:
        raise ValueError("the paper template no longer links its style sheet")
    screen = "body { max-width: 52rem; margin: 1.5rem auto; padding: 0 1rem } .running-foot { display: none }"
    inside = print_style().decode() + "\n@media screen { " + screen + " }"
    viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return html.replace(sheet, f"{viewport}<style>\n{inside}\n</style>")


def attachments(content: Mapping[str, Any]) -> list[Attachment]:
    """The data itself, so that anybody can add it up again. `report.json` is what the printed hash is of."""
    ledger, findings = content["ledger"], content["findings"]
    json, table = "application/json", "text/csv"
    with i18n.speaking(LANGUAGES[0]):
        found = _csv(_finding_rows(findings))
    return [
        Attachment(name="report.json", content=canonical.encode(content), media_type=json, relationship="Source"),
        Attachment(name="ledger.json", content=canonical.encode(ledger), media_type=json, description="凭证明细"),
        Attachment(name="ledger.csv", content=_csv(_ledger_rows(ledger)), media_type=table, description="凭证明细"),
        Attachment(name="findings.json", content=canonical.encode(findings), media_type=json, description="问题清单"),
        Attachment(name="findings.csv", content=found, media_type=table, description="问题清单"),
    ]


def title(content: Mapping[str, Any], language: str = LANGUAGES[0]) -> str:
    """What the report is called, on its first page and by whoever opens the file."""
    kind = paper.translated(KIND_NAMES[content.get("kind", Kind.AUDIT)], language=language)
    return f"{content['community']['name']} {kind} {content['number']}"


def _documents(platform: Platform, content: Mapping[str, Any], *, language: str, address: str, seal: str) -> list[str]:
    """One document; where the ledger is long, its schedules in parts between the text and the short schedules."""
    if len(content["ledger"]) <= ROWS_A_PART:
        return [_whole(platform, content, language=language, address=address, seal=seal)]
    common = _common(platform, content, language=language, address=address, seal=seal)
    long = present.details(content)

    def parts(name: str) -> list[str]:
        return [
            paper.render_paper("pdf/audit_ledger.html", language=language, unnumbered=True, detail=part, **common)
            for part in long[name].parts(ROWS_A_PART)
            if part.rows
        ]

    def frame(part: str) -> str:
        return paper.render_paper(
            "pdf/audit_report.html", language=language, unnumbered=True, part=part, details=long, **common
        )

    return [frame("text"), *parts("income"), *parts("spending"), frame("schedules"), *parts("other")]


def _whole(platform: Platform, content: Mapping[str, Any], *, language: str, address: str, seal: str) -> str:
    return paper.render_paper(
        "pdf/audit_report.html",
        language=language,
        unnumbered=False,
        part="whole",
        details=present.details(content),
        **_common(platform, content, language=language, address=address, seal=seal),
    )


def _common(
    platform: Platform, content: Mapping[str, Any], *, language: str, address: str, seal: str
) -> dict[str, Any]:
    base, code = platform.settings.base_url, content["community"]["code"]
    with i18n.speaking(language):
        points = {"month_points": present.chart_months(content), "balance_points": present.chart_balance(content)}
    return {
        "community_name": content["community"]["name"],
        "r": present.completed(content),
        "document_title": title(content, language),
        "data_hash": canonical.digest(content),
        "address": address,
        "verify_url": f"{base}/verify",
        "fingerprint": seal,
        "severities": present.counted(content),
        "link": lambda item: present.address(base, code, item),
        **points,
        **present.words(),
    }


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    """UTF-8 with the mark that Chinese spreadsheets look for; no cell can be taken for a formula."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def _ledger_rows(ledger: Sequence[Mapping[str, Any]]) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [LEDGER_HEADINGS]
    for row in ledger:
        texts = [row[name] for name in ("number", "day", "kind", "summary", "party", "account")]
        texts += [present.row_purpose(row), row["invoice_no"]]
        amounts = [_signed(row[name]) for name in ("income_fen", "spending_fen")]
        rest = [row["resolution"] or "", str(row["contract"] or ""), str(row["documents"]), row["hash"]]
        rows.append([*(safe_cell(text) for text in texts), *amounts, *(safe_cell(text) for text in rest)])
    return rows


def _finding_rows(findings: Sequence[Mapping[str, Any]]) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [FINDING_HEADINGS]
    for found in findings:
        fact = found["sentence"] % present.spoken(found["params"])
        texts = (
            str(found["no"]),
            found["code"],
            found["title"],
            found["severity"],
            fact,
            _signed(found["amount_fen"]),
            found["rule"],
            found["office"],
            found["advice"],
            "；".join(item["label"] for item in found["evidence"]),
        )
        rows.append([safe_cell(text) for text in texts])
    return rows


def _signed(fen: int) -> str:
    return ("-" if fen < 0 else "") + money.plain(abs(fen))
