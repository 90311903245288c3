"""A rulebook's text as clauses with ids: 第十二条, 第十二条第二款, 第十二条第二款第（一）项.

Pure. A local rule of voting cites such an id together with the SHA-256 of the text, so a text whose articles are not
numbered one after the other is refused: nobody could say which 第十二条 was meant.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal

LONGEST = 200_000
BOOKS = {"procedure": N_("业主大会议事规则"), "covenant": N_("管理规约")}
# The matter that decides on each book (民法典 278 第一款).
MATTERS = {"procedure": "M1", "covenant": "M2"}

_DIGITS = "零一二三四五六七八九"
_NUMBER = r"[零〇一二三四五六七八九十百\d]{1,9}"
_ARTICLE = re.compile(rf"第\s*({_NUMBER})\s*条(?:之({_NUMBER}))?[\s:：、]*(.*)\Z")
_CHAPTER = re.compile(rf"第\s*({_NUMBER})\s*([章节编])\s*(.*)\Z")
_ITEM = re.compile(rf"[（(]\s*({_NUMBER})\s*[）)]\s*(.*)\Z")


class NoArticles(Refusal):
    message: ClassVar[str] = N_("没有找到条文：每一条请另起一行，以“第一条”“第二条”开头")


class WrongNumber(Refusal):
    message: ClassVar[str] = N_("第 %(line)s 行写的是“%(found)s”，按顺序应当是“%(expected)s”，请改正编号后再提交")


class EmptyArticle(Refusal):
    message: ClassVar[str] = N_("第 %(line)s 行的“%(found)s”没有内容，请补上条文或删去这一条")


class TextTooLong(Refusal):
    message: ClassVar[str] = N_("文本超过 %(limit)s 个字，请检查是否粘贴了多余的内容")


class NotPlainText(Refusal):
    message: ClassVar[str] = N_("这个文件不是纯文本：请在文字处理软件里另存为“纯文本（.txt）”，或者直接把全文粘贴进来")


class UnknownBook(Refusal):
    message: ClassVar[str] = N_("只有议事规则和管理规约两种文本")
    status: ClassVar[int] = 404


@dataclass
class Paragraph:
    """A 款: its words and its 项, each with its number in words."""

    text: str
    items: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Article:
    """A 条, under the chapter headings that stand before it; `line` is where it begins, from 1."""

    id: str
    line: int
    headings: list[str]
    paragraphs: list[Paragraph] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The article's words, a line for each 款 and 项."""
        lines: list[str] = []
        for paragraph in self.paragraphs:
            lines += [paragraph.text] if paragraph.text else []
            lines += [f"（{number}）{words}" for number, words in paragraph.items]
        return "\n".join(lines)


class Clause(NamedTuple):
    """Anything that can be cited: its id and its words."""

    id: str
    text: str


class Rulebook(NamedTuple):
    """A parsed text. `preamble` is what stands before the first heading or article."""

    preamble: Sequence[str]
    articles: Sequence[Article]

    def clauses(self) -> Iterator[Clause]:
        """Every clause in the order of the text: each article, then its 款 and 项 where it has several."""
        for article in self.articles:
            yield Clause(article.id, article.text)
            several = len(article.paragraphs) > 1
            for place, paragraph in enumerate(article.paragraphs, 1):
                here = f"{article.id}第{in_words(place)}款" if several else article.id
                if several:
                    yield Clause(here, Article("", 0, [], [paragraph]).text)
                for number, words in paragraph.items:
                    yield Clause(f"{here}第（{number}）项", words)


def normal(text: str) -> str:
    """The text as it is kept and hashed: NFC, LF, no trailing white space, one final line end."""
    lines = unicodedata.normalize("NFC", text.lstrip("\ufeff")).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8: what an assembly's manifest cites."""
    return hashlib.sha256(text.encode()).hexdigest()


def decoded(data: bytes) -> str:
    """The text of an uploaded file: UTF-8, or GB18030 as older Chinese systems write it."""
    if b"\0" in data:
        raise NotPlainText
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotPlainText


def in_words(number: int) -> str:
    """1 to 999 as 一, 十二, 一百零三."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        words += "十" if tens == 1 and not hundreds else f"{_DIGITS[tens]}十"
    elif hundreds and ones:
        words += "零"
    return words + (_DIGITS[ones] if ones else "")


def in_figures(words: str) -> int | None:
    """The number that the words (or figures) say; None for what is no number below 1000."""
    if words.isdecimal():
        return int(words)
    plain = words.replace("〇", "零")
    return next((number for number in range(1, 1000) if in_words(number) == plain), None)


def parse(text: str) -> Rulebook:
    """Read a normal text; the first number out of order is named with its line."""
    if len(text) > LONGEST:
        raise TextTooLong(limit=LONGEST)
    reader = _Reader()
    for line, written in enumerate(text.split("\n"), 1):
        words = written.strip().strip("\u3000")
        if words:
            reader.read(line, words)
    return reader.done()


class _Reader:
    """Goes through the lines once and remembers where it is."""

    def __init__(self) -> None:
        self._preamble: list[str] = []
        self._headings: list[str] = []
        self._articles: list[Article] = []
        self._number, self._branch = 0, 0

    def read(self, line: int, words: str) -> None:
        if article := _ARTICLE.match(words):
            self._article(line, article)
        elif _CHAPTER.match(words):
            self._headings.append(words)
        elif not self._articles:
            (self._headings if self._headings else self._preamble).append(words)
        elif item := _ITEM.match(words):
            self._item(line, item)
        else:
            self._articles[-1].paragraphs.append(Paragraph(words))

    def done(self) -> Rulebook:
        if not self._articles:
            raise NoArticles
        self._not_empty()
        return Rulebook(self._preamble, self._articles)

    def _article(self, line: int, found: re.Match[str]) -> None:
        number = in_figures(found[1])
        branch = in_figures(found[2]) if found[2] else 0
        follows = (number, branch) in ((self._number + 1, 0), (self._number or None, self._branch + 1))
        if number is None or branch is None or not follows:
            written = f"第{found[1]}条" + (f"之{found[2]}" if found[2] else "")
            raise WrongNumber(line=line, found=written, expected=f"第{in_words(self._number + 1)}条")
        self._not_empty()
        self._number, self._branch = number, branch
        name = f"第{in_words(number)}条" + (f"之{in_words(branch)}" if branch else "")
        paragraphs = [Paragraph(found[3])] if found[3] else []
        self._articles.append(Article(name, line, self._headings, paragraphs))
        self._headings = []

    def _item(self, line: int, found: re.Match[str]) -> None:
        article = self._articles[-1]
        if not article.paragraphs:
            article.paragraphs.append(Paragraph(""))
        items = article.paragraphs[-1].items
        expected = len(items) + 1
        if in_figures(found[1]) != expected:
            raise WrongNumber(line=line, found=f"（{found[1]}）", expected=f"（{in_words(expected)}）")
        items.append((in_words(expected), found[2]))

    def _not_empty(self) -> None:
        if self._articles and not self._articles[-1].text.strip():
            raise EmptyArticle(line=self._articles[-1].line, found=self._articles[-1].id)


class Change(NamedTuple):
    """One article that differs: `parts` are (kind, words) with kind same, gone or new."""

    id: str
    kind: str
    parts: Sequence[tuple[str, str]]


def difference(old: Rulebook, new: Rulebook) -> list[Change]:
    """What changed from one version to the next, article by article in the order of the new text.

    Articles are matched by their words first and then by number, so that inserting one does not show all that follow
    as changed: their words are the same under another number.
    """
    before, after = {one.id: one.text for one in old.articles}, {one.id: one.text for one in new.articles}
    kept = {text: name for name, text in before.items()}
    moved = {kept[text]: name for name, text in after.items() if text in kept}
    changes: list[Change] = []
    for name, text in after.items():
        if text in kept:
            if kept[text] != name:
                changes.append(Change(name, "moved", [("gone", kept[text]), ("new", name)]))
        elif name in before and name not in moved:
            changes.append(Change(name, "changed", _parts(before[name], text)))
        else:
            changes.append(Change(name, "added", [("new", text)]))
    taken = {change.id for change in changes if change.kind == "changed"}
    gone = [name for name in before if name not in moved and name not in taken]
    return changes + [Change(name, "removed", [("gone", before[name])]) for name in gone]


def _parts(old: str, new: str) -> list[tuple[str, str]]:
    parts: list[tuple[str, str]] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(("same", old[i1:i2]))
            continue
        parts += [("gone", old[i1:i2])] if i2 > i1 else []
        parts += [("new", new[j1:j2])] if j2 > j1 else []
    return parts
