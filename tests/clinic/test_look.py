"""The look keeps its promises: text can be read on its ground in both themes, pages stay small, nothing is inline."""

import gzip
import re
from itertools import product
from pathlib import Path

import pytest

CLINIC = Path(__file__).parents[2] / "src/accord_clinic"
STATIC = CLINIC / "static"
CSS = (STATIC / "accord.css").read_text()
SCRIPT = (STATIC / "client.js").read_text()
TEMPLATES = sorted((CLINIC / "templates").rglob("*.html"))

GROUNDS = ("paper", "sheet")
TEXT_ON_GROUND = [
    *product(("ink", "muted", "client", "therapist", "strain"), GROUNDS),
    ("paper", "ink"),  # the primary button
    ("strain", "strain-wash"),
    *product(("ink", "muted"), ("strain-wash", "client-wash", "therapist-wash", "client-band")),
    ("client", "client-wash"),
    ("therapist", "therapist-wash"),
]
# What shows that a field is a field, and the lines and marks of the course (WCAG 1.4.11).
DRAWN_ON_GROUND = list(product(("edge", "client", "therapist", "strain"), GROUNDS))


def tokens(theme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.S)[:2]
    named = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    if theme == "dark":
        named |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark))
    return named


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_the_published_one():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_can_be_read(theme, text, ground):
    named = tokens(theme)
    assert contrast(named[text], named[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), DRAWN_ON_GROUND)
def test_marks_can_be_seen(theme, mark, ground):
    named = tokens(theme)
    assert contrast(named[mark], named[ground]) >= 3


def test_dark_names_every_colour_that_light_names():
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.S)[:2]
    colours = [set(re.findall(r"--([\w-]+): #", block)) for block in (light, dark)]
    assert colours[0] == colours[1]


def test_colours_live_in_one_place():
    outside = CSS.split("@layer base {", 1)[1].replace("#fff", "")
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", outside)


def test_every_custom_property_that_is_used_is_defined():
    assert set(re.findall(r"var\(--([\w-]+)\)", CSS)) <= set(re.findall(r"--([\w-]+):", CSS))


def test_the_style_sheet_is_small():
    assert len(gzip.compress(CSS.encode(), 9)) <= 12_000


def test_fonts_of_a_page_are_small_and_carry_their_licence():
    first = [path for path in (STATIC / "fonts").glob("*.woff2") if not path.stem.endswith("-ext")]
    assert len(first) == 4
    assert sum(path.stat().st_size for path in first) <= 60_000
    for licence in ("OFL-Literata.txt", "OFL-Atkinson-Hyperlegible-Next.txt"):
        assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts" / licence).read_text()


def test_every_font_that_is_named_is_there():
    for name in re.findall(r'url\("([^"]+)"\)', CSS):
        assert (STATIC / name).is_file()


LOADED = re.compile(
    r"""<(?:script|img|iframe|embed|object|source|audio|video|track|input)\b[^>]*\s(?:src|srcset|data|poster)\s*=\s*["']?([^"'\s>]+)"""
    r"""|<link\b[^>]*\shref\s*=\s*["']?([^"'\s>]+)|url\(\s*["']?([^"')]+)|@import\s+["']?([^"';]+)""",
    re.I,
)
SPEAKS = re.compile(r"""(?:https?|wss?):|(?<=["'`])//|importScripts|EventSource|WebSocket""")
STYLES_AND_SCRIPTS = sorted(path for kind in ("css", "js", "svg") for path in STATIC.rglob(f"*.{kind}"))
NAMESPACE = re.compile(r'xmlns(?::\w+)?="[^"]*"')


def from_elsewhere(text: str) -> list[str]:
    """What a page or a style sheet loads that is neither ours nor written out in it."""
    found = ["".join(one) for one in LOADED.findall(text)]
    ours = re.compile(r"\{[%{]|/(?!/)|[\w.-]+$|fonts/|#|data:image/")
    return [one for one in found if not ours.match(one)]


@pytest.mark.parametrize("path", [*TEMPLATES, *STYLES_AND_SCRIPTS], ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere(path):
    text = NAMESPACE.sub("", path.read_text())
    assert not from_elsewhere(text)
    if path.suffix == ".js":
        assert not SPEAKS.search(text)


@pytest.mark.parametrize(
    "bad",
    [
        '<script src="https://cdn.example/x.js"></script>', "<img src=//cdn.example/x.png>", "<script src='http://x/a'>",
        '<link rel="stylesheet" href="https://fonts.example/css">', 'a { background: url("//cdn.example/x.png") }',
        '@import "https://cdn.example/x.css";', '<video poster="https://cdn.example/x">',
    ],
)  # fmt: skip
def test_what_comes_from_elsewhere_is_found(bad):
    """The check is worth something only if it can fail."""
    assert from_elsewhere(bad)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_inline_style_or_script(path):
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\ssrc=)", text)


def test_the_clients_script_keeps_answers_in_the_page_and_in_this_tabs_own_memory_only():
    """For a reload; `test_client_browser` shows that sending, leaving and half an hour empty it."""
    assert not re.search(r"localStorage|indexedDB|caches|document\.cookie|innerHTML|eval\(", SCRIPT)
    assert len(gzip.compress(SCRIPT.encode(), 9)) <= 7_500
