"""QR codes as SVG, for pages and paper alike."""

import io

import segno
from markupsafe import Markup


def qr_svg(text: str, *, title: str = "") -> Markup:
    """An SVG element of a QR code of `text` (error level M), scaled by its container; black on white so that every
    phone reads it.
    """
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out,
        kind="svg",
        xmldecl=False,
        svgns=True,
        border=2,
        omitsize=True,
        title=title or None,
        dark="#000",
        light="#fff",
    )
    return Markup(out.getvalue().decode("utf-8"))  # noqa: S704 - segno escapes the title; the rest is paths
