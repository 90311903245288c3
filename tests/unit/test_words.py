"""Every word on screen can be spoken in English: templates hold no Chinese outside message ids."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e]")
NOT_WORDS = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# Names of the languages themselves are written in the language.
SPOKEN_AS_THEY_ARE = re.compile(r'lang="zh-CN"[^>]*>\s*中文')


@pytest.mark.parametrize(
    "template", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_template_holds_no_chinese_outside_its_message_ids(template: Path):
    text = NOT_WORDS.sub("", SPOKEN_AS_THEY_ARE.sub("", template.read_text(encoding="utf-8")))
    found = [line.strip() for line in text.splitlines() if CHINESE.search(line)]
    assert found == []
