"""What every page must be, whatever it shows: fitting, well-formed, and usable by everybody (WCAG 2.2 AA)."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
GRAVE = ("serious", "critical")

_WIDER = """() => {
  const folded = [...document.querySelectorAll('main details:not([open])')];
  folded.forEach(one => { one.open = true; });
  const wide = document.documentElement.clientWidth;
  const found = document.documentElement.scrollWidth <= wide ? [] : [...document.body.querySelectorAll('*')]
    .filter(one => one.getBoundingClientRect().right > wide + 1)
    .map(one => `${one.tagName.toLowerCase()}.${one.className} ${one.textContent.trim().slice(0, 30)}`)
    .concat('(the page)');
  folded.forEach(one => { one.open = false; });
  return found;
}"""


def wider_than_the_screen(page: Page) -> list[str]:
    """What makes the page scroll sideways, with everything on it unfolded; empty when nothing does."""
    page.wait_for_load_state()
    found: list[str] = page.evaluate(_WIDER)
    return found[-4:]


def fits(page: Page) -> None:
    """No sideways scrolling."""
    wide = wider_than_the_screen(page)
    assert wide == [], f"{page.url} scrolls sideways: {wide}"


def barriers(page: Page) -> list[str]:
    """What axe-core calls serious or critical on the page as it stands, each with the first place it was seen.

    The script goes in through the debugger, not through the page, so that our content security policy stays in force.
    Without its stylesheet a page that is just coming in has links too small to touch: it is looked at once loaded.
    """
    page.wait_for_load_state()
    page.evaluate(f"() => {{ if (!window.axe) {{ {AXE} }} }}")
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    found: dict[str, Any] = page.evaluate(f"() => axe.run(document, {json.dumps(options)})")
    return [
        f"{one['id']}: {one['help']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:160]}"
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]


def demand_no_barrier(page: Page) -> None:
    found = barriers(page)
    assert found == [], f"{page.url} has barriers: {found}"


def senior(page: Page, level: int) -> None:
    """Show the page as it is in that letter size, without asking the server again."""
    page.wait_for_load_state()
    page.evaluate("level => document.documentElement.dataset.senior = String(level)", level)


def check(page: Page) -> None:
    """The page fits and has no barrier, in ordinary and in the largest letters."""
    fits(page)
    demand_no_barrier(page)
    before = page.evaluate("() => document.documentElement.dataset.senior ?? ''")
    senior(page, 2)
    fits(page)
    page.evaluate(
        "was => was ? (document.documentElement.dataset.senior = was) : delete document.documentElement.dataset.senior",
        before,
    )
