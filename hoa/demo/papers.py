"""Invoices and contracts of the demo community: one-page PDFs, the same bytes every time, small because no font is
embedded.
"""

import io
from collections.abc import Sequence

import pikepdf
from pikepdf import Dictionary, Name

TITLE_SIZE, TEXT_SIZE, LEADING = 20, 12, 26
LEFT, TOP = 60, 760


def paper(title: str, lines: Sequence[str]) -> bytes:
    """A page with a title and lines of text, in the viewer's own Song typeface."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(595, 842))
    page = pdf.pages[0]
    page.Resources = Dictionary(Font=Dictionary(F1=_song(pdf)))
    page.Contents = pdf.make_stream(_drawn(title, lines))
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True)
    return out.getvalue()


def invoice(*, number: str, seller: str, buyer: str, item: str, amount: str, day: str) -> bytes:
    """An invoice with what an auditor compares: number, seller, amount, day."""
    return paper(
        "发票（演示）",
        (
            f"发票号码：{number}",
            f"开票日期：{day}",
            f"购买方：{buyer}",
            f"销售方：{seller}",
            f"项目：{item}",
            f"价税合计：{amount}",
        ),
    )


def _song(pdf: pikepdf.Pdf) -> pikepdf.Object:
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name("/STSong-Light"),
        Flags=6,
        FontBBox=[-25, -254, 1000, 880],
        ItalicAngle=0,
        Ascent=880,
        Descent=-120,
        CapHeight=880,
        StemV=93,
    )
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType0,
        BaseFont=Name("/STSong-Light"),
        CIDSystemInfo=Dictionary(Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("GB1"), Supplement=5),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=1000,
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name("/STSong-Light-UniGB-UTF16-H"),
            Encoding=Name("/UniGB-UTF16-H"),
            DescendantFonts=[pdf.make_indirect(descendant)],
        )
    )


def _drawn(title: str, lines: Sequence[str]) -> bytes:
    parts = [f"BT /F1 {TITLE_SIZE} Tf {LEFT} {TOP} Td <{_hex(title)}> Tj"]
    parts.append(f"/F1 {TEXT_SIZE} Tf 0 -{LEADING * 2} Td")
    parts += [f"<{_hex(line)}> Tj 0 -{LEADING} Td" for line in lines]
    return ("\n".join(parts) + "\nET\n").encode()


def _hex(text: str) -> str:
    return text.encode("utf-16-be").hex()
