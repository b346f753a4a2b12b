"""The page that shows what was removed: complete, escaped, self-contained, and alive in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import Browser, installed
from laws import Cli

from ctxzip import Document, compress
from ctxzip.cli.html import page
from ctxzip.plan import Allotment, Unit
from ctxzip.result import Compression
from ctxzip.text import Span

NASTY = "<script>alert('x')</script> & \"quotes\" </div><!-- @@BODY@@ @@TITLE@@ \x07 bell, never said Müller & Söhne.\n"
TEXT = (Path(__file__).parent.parent / "docs" / "example.md").read_text(encoding="utf-8")


class Shown(HTMLParser):
    """What a page holds: the text of its documents, and how many pieces are kept and dropped."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.pieces = {"b": 0, "s": 0}
        self.links: list[str] = []
        self.open: list[str] = []
        self.inside = 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.links += [name for name in attributes if name in ("src", "href", "style") or name.startswith("on")]
        if tag in ("meta", "input"):
            return
        self.open.append(tag)
        if attributes.get("class") == "text":
            self.inside = len(self.open)
            self.text.append("")
        if self.inside and tag in self.pieces:
            assert 0 <= float(attributes["data-s"] or "") <= 1
            self.pieces[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if len(self.open) < self.inside:
            self.inside = 0

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.text[-1] += data


def test_the_page_holds_every_character_and_the_right_counts() -> None:
    documents = [Document(TEXT, path="example.md"), Document(NASTY * 5, id="<b>nasty</b>")]
    views = [([document], compress(document, ratio=3)) for document in documents]
    shown = Shown(page(views))
    assert shown.open == []
    assert shown.links == []
    assert shown.text == [TEXT, (NASTY * 5).replace("\x07", "\u2407")]
    kept = sum(allotment.kept for _, result in views for allotment in result.allotments)
    dropped = sum(not allotment.kept for _, result in views for allotment in result.allotments)
    assert shown.pieces == {"b": kept, "s": dropped}


def test_documents_of_one_budget_are_all_there(cli: Cli, tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    target = tmp_path / "seen.html"
    assert cli("compress", tmp_path / "a.md", tmp_path / "b.md", "--ratio", "4", "--html", target).code == 0
    source = target.read_text(encoding="utf-8")
    assert Shown(source).text == [TEXT, TEXT]
    assert "a.md" in source
    assert re.search(r"tokens after</dt><dd>\d+", source)


def test_a_hundred_thousand_tokens_make_a_page_of_a_few_megabytes() -> None:
    words = " ".join(f"word{i % 977} of {i}" for i in range(33_000))
    pieces = [Unit(0, Span(*match.span()), 1, (i % 101) / 100) for i, match in enumerate(re.finditer(r" ?\S+", words))]
    kept = [Allotment(unit, unit.score > 0.75, "score") for unit in pieces]
    text = "".join(allotment.unit.span.of(words) for allotment in kept if allotment.kept)
    result = Compression(text, [Document(text)], len(pieces), 25_000, "words", "none", "words", allotments=kept)
    source = page([([Document(words)], result)])
    assert Shown(source).text == [words]
    assert len(source) < 10_000_000


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = installed()
    if not program:
        pytest.skip("no Chromium on this machine")
    started = Browser(program, tmp_path_factory.mktemp("profile"))
    yield started
    started.close()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("page") / "seen.html"
    documents = [Document(TEXT, path="example.md"), Document(NASTY * 5, id="nasty")]
    source = page([([document], compress(document, ratio=3)) for document in documents])
    target.write_text(source, encoding="utf-8")
    return target


LUMINANCE = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + Number(b), 0) / 3"
MIDDLE = "(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector('.text b').getBoundingClientRect())"
VISIBLE = "[...document.querySelectorAll('.text s')].filter(e => e.getClientRects().length).length"


def test_it_follows_the_scheme_and_runs_nothing_else(browser: Browser, shown: Path) -> None:
    browser.open(shown, scheme="light")
    assert browser.value(LUMINANCE) > 200
    light = browser.screenshot()
    browser.open(shown, scheme="dark")
    assert browser.value(LUMINANCE) < 60
    assert browser.screenshot() != light
    assert browser.value("document.querySelectorAll('script').length") == 1


def test_pointing_at_a_piece_shows_its_score(browser: Browser, shown: Path) -> None:
    browser.open(shown)
    browser.hover(*browser.value(MIDDLE))
    told = browser.value("document.getElementById('tip').textContent")
    assert re.fullmatch(r"kept, score [01]\.\d{3}, by its score", told)
    assert browser.value("document.querySelector('[role=status]').textContent").startswith(told)


def test_arrow_keys_walk_from_piece_to_piece(browser: Browser, shown: Path) -> None:
    browser.open(shown)
    browser.value("document.querySelector('.text').focus()")
    browser.press("End")
    browser.press("ArrowLeft")
    pieces = "[...document.querySelector('.text').querySelectorAll('b, s')]"
    assert browser.value(f"{pieces}.indexOf(document.querySelector('.now')) == {pieces}.length - 2")


def test_dropped_pieces_can_be_hidden(browser: Browser, shown: Path) -> None:
    browser.open(shown)
    assert browser.value(VISIBLE) > 0
    browser.value("document.querySelector('input[value=left]').click()")
    assert browser.value(VISIBLE) == 0
    assert browser.value("location.hash") == "#left"
    left = browser.value("document.querySelector('.text').innerText")
    result = compress(Document(TEXT, path="example.md"), ratio=3).text
    assert left.split() == result.split()
