"""What is said about a questionnaire's file that cannot be used."""

import contextlib
import math
import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tea import GOOD, written

from accord.errors import BadInstrument
from accord.instruments import load
from accord.instruments.reading import read_instrument
from accord.toml import TomlTable

# old text -> new text, and the sentence that a person reads
BAD = [
    ('items = ["warm", "bitter"]', 'items = ["warm", "sour"]',
     "scale 'taste' uses item 'sour'; the questionnaire has warm, bitter, why. Remove it or add the item."),
    ('items = ["warm", "bitter"]', 'items = ["warm", "why"]',
     "scale 'taste' uses item 'why', whose answers are text. Remove it: only numbers can be scored."),
    ('items = ["warm", "bitter"]', "items = []", "scale 'taste' has no items, or one of them twice. Correct them."),
    ('reversed = ["bitter"]', 'reversed = ["why"]',
     "scale 'taste' reverses item 'why', which is not among its items. Remove it."),
    ("reversed =", "revresed =", "scale 'taste': 'revresed' means nothing here. Did you mean 'reversed'?"),
    ('method = "mean100"', 'method = "median"',
     "scale 'taste': method is 'median'. Write one of 'mean', 'sum', 'mean100', 'tscore'."),
    ('method = "mean100"', 'method = "mean100"\nlow = 0\nhigh = 40',
     "scale 'taste' says 0 to 40; its key gives 0 to 100. Correct one of the two."),
    ('method = "mean100"', 'method = "mean100"\nweights = ["warm"]',
     "scale 'taste': weights (1) are for a tscore only, one for each item (2). Correct them."),
    ('method = "mean100"', 'method = "sum"',
     "scale 'taste' is a sum, and the form 'short' asks only 1 of its 2 items. "
     "Use a mean: a sum of fewer items has another range."),
    ("{ full = 2, short = 1 }", "{ full = 3 }",
     "scale 'taste' needs 3 answers in the form 'full', which asks 2 of its items. Correct it."),
    ("{ full = 2, short = 1 }", "0",
     "scale 'taste' needs 0 answers in the form 'full', which asks 2 of its items. Correct it."),
    ("{ full = 2, short = 1 }", "{ long = 2 }",
     "scale 'taste': at_least names the form 'long'; the file has full, short. Correct it."),
    ("at_least = { full = 2, short = 1 }", "",
     "scale 'taste' lacks 'at_least', or no form asks all of its items. Say how many answers each form needs."),
    ('direction = "high is good"', 'direction = "up"',
     "scale 'taste': direction is 'up'. Write one of 'high is good', 'high is bad', 'none'."),
    ('name = "taste"', 'name = "The taste"',
     "scale 'The taste': name may hold small letters, digits and underscores only. Rename it."),
    ("[forms.full]", "[forms.whole]",
     "there are scales but no form 'full', which asks every item of a scale. Add [forms.full]."),
    ('items = ["warm", "bitter", "why"]', 'items = ["warm", "sugar"]',
     "form 'full' asks item 'sugar'; the questionnaire has warm, bitter, why. Remove it or add the item."),
    ('items = ["warm", "bitter", "why"]', 'items = ["warm", "warm"]',
     "form 'full' asks item 'warm' twice. Remove one."),
    ('items = ["warm", "bitter", "why"]', 'items = ["why", "bitter", "warm"]',
     "form 'full' asks 'why', which depends on 'bitter', but not 'bitter' before it. Add 'bitter'."),
    ('items = ["warm", "bitter", "why"]', "items = []", "form 'full' asks nothing. Add items or remove the form."),
    ('items = ["warm", "bitter", "why"]', 'items = "warm"', "form 'full': 'items' is 'warm'. Write a list."),
    ('id = "bitter"', 'id = "warm"', "item 'warm' is there twice. Rename or remove one."),
    ('id = "bitter"', 'id = "Bitter!"',
     "item 'Bitter!': id may hold small letters, digits and underscores only. Rename it."),
    ('answers = "words"', 'answers = "prose"',
     "item 'why' uses the answers 'prose'; the file has degree, words. Correct the name or add them."),
    ('item = "bitter", at_least', 'item = "cold", at_least',
     "item 'why' depends on an answer to 'cold', which is no item before it. Correct the name or the order."),
    ('id = "bitter"', 'id = "words"',
     "item 'words' has the name of other answers, so that labels of the two would be mixed up. Rename one of them."),
    ('item = "bitter", at_least = 1', 'item = "bitter", at_least = 3',
     "item 'why' is asked when 'bitter' is 3 or more, which is no possible answer. Correct it."),
    ("seconds = 10", "seconds = 0", "form 'full': seconds is 0. Say how long the form takes."),
    ("value = 50", "value = nan", "threshold 'drinkable': 'value' is nan. Write a finite number."),
    ('scores = { taste = "none" }', "scores = { taste = true }",
     "example 2: the score of taste is True. Write a number, or 'none' for no score."),
    ('scores = { taste = "none" }', "scores = {}", "example 2 gives no score. Add what its answers must give."),
    ('"a little", "very"', '"", "very"', "the labels of answers: 'degree' holds an empty text. Fill it in."),
    ('construct = "reason"', 'construct = "reason"\ncommensurate = true',
     "item 'why' is called commensurate, but it is not a choice that both are asked. Correct one of the two."),
    ('construct = "reason"', 'construct = "reason"\nraters = ["supervisor"]',
     "item 'why': rater 'supervisor' is unknown. Write 'client', 'therapist' or both."),
    ('construct = "bitterness"', 'construct = "bitterness"\nsafety = 3',
     "item 'bitter': safety is 3, which is no possible answer. Correct it."),
    ('construct = "bitterness"\n', "", "item 'bitter' lacks 'construct'. Add it."),
    ("values = [0, 1, 2]", "values = [0, 2, 4]",
     "the answers 'degree': the values are [0, 2, 4]. Write two or more, rising in steps of one."),
    ("values = [0, 1, 2]", "values = [0, 1, true]",
     "the answers 'degree': 'values' holds True. Write a list of whole numbers."),
    ("values = [0, 1, 2]", 'values = [0, 1, 2]\ncodes = ["no"]',
     "the answers 'degree': codes or groups (1) do not match the answers (3). Give one for each."),
    ('kind = "text"', 'kind = "number"',
     "the answers 'words': a number needs 'low' below 'high'. Add or correct them."),
    ('kind = "text"', 'kind = "many"', "the answers 'words': a choice of many needs 'codes'. Add them."),
    ('scale = "taste"', 'scale = "smell"',
     "threshold 'drinkable' is about the scale 'smell'; the file has taste. Correct it."),
    ('verified_on = "2026-01-31"\n', "",
     "threshold 'drinkable' is called verified, but not when. Add verified_on = 'YYYY-MM-DD'."),
    ('source_type = "paper"', 'source_type = "unverified"',
     "threshold 'drinkable' is called verified, but its source_type is 'unverified'. Correct one of the two."),
    ('verified_on = "2026-01-31"', 'verified_on = "January"',
     "threshold 'drinkable': verified_on is 'January'. Write a date as 'YYYY-MM-DD'."),
    ("text_allowed = true", 'text_allowed = "yes"',
     "the licence: 'text_allowed' is 'yes'. Write true or false."),
    ('notice = "Free."', 'notice = " "', "the licence: 'notice' is empty. Fill it in."),
    ('[[examples]]\nform = "full"\nanswers = { warm = 2 }\nscores = { taste = "none" }', "",
     "worked examples: 1; two are the least, since they are the file's test. Add [[examples]]."),
    ("answers = { warm = 2 }", "answers = { warm = 3 }", "example 2: warm is 3. Write one of 0, 1, 2."),
    ("answers = { warm = 2 }", "answers = { milk = 2 }",
     "example 2 answers 'milk', which the form 'full' does not ask. Remove it."),
    ('scores = { taste = "none" }', "scores = { smell = 1 }",
     "example 2 gives a score of 'smell', which is no scale of the file. Correct it."),
    ('scores = { taste = "none" }', 'scores = { taste = "low" }',
     "example 2: the score of taste is 'low'. Write a number, or 'none' for no score."),
    ('id = "tea"', 'id = "Green tea"',
     "id 'Green tea' may hold small letters, digits and hyphens only. Rename it."),
    ('version = "1.0"', 'version = "new"', "version is 'new'. Write numbers with points, such as '1.0'."),
    ('version = "1.0"', "version = 1.0", "the file: 'version' is 1.0. Write text."),
    ('name = "Tea"\n', "", "the file lacks 'name'. Add it."),
    ('name = "Tea"', 'name = "Tea"\ncolour = "green"',
     "the file: 'colour' means nothing here. Remove it."),
    ('why = "Why?"\n', "", "there is no text for item 'why'. Add it."),
    ('therapist = "Was the tea of {client} warm?"\n', "", "item 'warm' lacks 'therapist'. Add it."),
    ("of {client} warm", "of {name} warm",
     "item 'warm': {name} is no placeholder. Use {session}, {client} or {therapist}."),
    ("of {client} warm", "of {client warm",
     "item 'warm': the braces in 'Was the tea of {client warm?' do not match. Close them."),
    ('why = "Why?"', 'why = "Why?"\nmilk = "Milk?"', "the texts of items: 'milk' means nothing here. Remove it."),
    ('degree = ["not", "a little", "very"]', 'degree = ["not", "very"]',
     "the labels of answers: 'degree' has 2 texts, and item 'warm' has 3 answers. Give one for each."),
    ('degree = ["not", "a little", "very"]', "",
     "there are no labels for the answers 'degree' of item 'warm'. Add them."),
    ('said = ["cold", "lukewarm", "warm"]', 'said = ["cold", "warm"]',
     "item 'warm': 'said' has 2 texts, and item 'warm' has 3 answers. Give one for each."),
]  # fmt: skip


def places(table: object, path: tuple = ()) -> Iterator[tuple]:
    """The path to every value of nested tables and lists."""
    inner = table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


PLACES = list(places(tomllib.loads(GOOD)))
REMOVED = None
JUNK = (REMOVED, "", "x", "{x}", -1, 0, 7, 2.5, math.nan, True, [], ["x"], [1, 2], [[]], {}, {"x": 1}, [{}])


class TestBadFiles:
    @given(st.sampled_from(PLACES), st.sampled_from(JUNK))
    @settings(max_examples=300)
    def test_whatever_stands_in_a_file_gets_a_sentence_and_never_a_crash(self, place, junk):
        data = tomllib.loads(GOOD)
        inner = data
        for key in place[:-1]:
            inner = inner[key]
        if junk is REMOVED:
            del inner[place[-1]]
        else:
            inner[place[-1]] = junk
        with contextlib.suppress(BadInstrument):
            read_instrument(TomlTable("tea.toml", "the file", data))

    def test_the_good_file_is_good(self, tmp_path):
        assert load(written(tmp_path, GOOD)).id == "tea"

    @pytest.mark.parametrize(("old", "new", "sentence"), BAD, ids=[sentence[:60] for _, _, sentence in BAD])
    def test_each_mistake_gets_its_sentence(self, tmp_path, old, new, sentence):
        assert old in GOOD
        with pytest.raises(BadInstrument) as caught:
            load(written(tmp_path, GOOD.replace(old, new, 1)))
        assert str(caught.value) == f"tea.toml: {sentence}"

    def test_not_toml(self, tmp_path):
        with pytest.raises(BadInstrument, match=r"tea.toml: this is not TOML: .*line 1.*\. Correct that line\."):
            load(written(tmp_path, "id: tea"))

    def test_not_utf_8(self, tmp_path):
        (tmp_path / "tea.toml").write_bytes('id = "té"'.encode("latin-1"))
        with pytest.raises(BadInstrument, match=r"tea.toml: the file is not UTF-8 \(byte 7\)\. Save it as UTF-8\."):
            load(tmp_path / "tea.toml")

    def test_not_there(self, tmp_path):
        with pytest.raises(BadInstrument, match=r"there is no such file\. Check the path\."):
            load(tmp_path / "no.toml")
