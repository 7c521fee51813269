"""`accord instruments`, `accord score`, and the two reference pages that are made from the program itself."""

import json
import re
import shlex
from pathlib import Path

import polars as pl
import pytest

from accord.cli import instruments, main, parser, score
from accord.cli.reference import REGENERATE, command_page, instrument_page, subcommands

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
GOOD = Path(__file__).parent / "good.toml"
PHQ = ",".join(f"phq{n}" for n in range(1, 10))


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def accord(capsys):
    """Run the command: exit code, what it printed, what it complained about."""

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def refused(accord, *words: object) -> str:
    """The sentence with which a command refuses its input."""
    code, out, err = accord(*words)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    return err.removeprefix("accord: ").rstrip("\n")


class TestInstruments:
    def test_the_list_names_id_version_languages_wording_and_licence(self, accord):
        code, out, _ = accord("instruments")
        lines = out.splitlines()
        assert code == 0
        assert lines[0].split() == ["id", "version", "languages", "wording", "licence"]
        assert re.search(r"^accord-check-in +0\.2 +en, de \(draft\) +yes +CC-BY-4\.0$", out, re.MULTILINE)
        assert re.search(r"^wai-sr +2006 +- +no +LicenseRef-SPR-permission-required$", out, re.MULTILINE)

    def test_the_list_as_json(self, accord):
        listed = json.loads(accord("instruments", "--json")[1])
        assert {"id", "version", "languages", "wording", "licence"} == set(listed[0])

    def test_one_as_json(self, accord):
        whole = json.loads(accord("instruments", "phq-9", "--json")[1])
        assert whole["items"] == [f"phq{n}" for n in range(1, 10)]
        (scale,) = whole["scales"]
        assert (scale["name"], scale["method"], scale["at_least"]) == ("total", "sum", {"full": 7})
        assert (scale["items"], scale["reversed"]) == (whole["items"], [])
        assert whole["licence"]["spdx"] == "LicenseRef-PHQ-no-permission-required"

    @pytest.mark.parametrize("identity", ["accord-check-in", "phq-9", "wai-sr", "gas", "accord-starting-path"])
    def test_one_for_reading(self, accord, identity):
        code, out, _ = accord("instruments", identity)
        assert code == 0
        assert identity in out.splitlines()[0]

    def test_what_is_not_verified_says_so(self, accord):
        page = accord("instruments", "core-10")[1]
        assert "cut-off distress >= 11: general distress (not verified, so not used)" in page

    def test_an_unknown_id(self, accord):
        assert refused(accord, "instruments", "gad7").startswith("there is no questionnaire 'gad7'. Did you mean gad-7")

    def test_the_practices_own_folder(self, accord, folder):
        (folder / "tea.toml").write_text(GOOD.read_text())
        assert re.search(r"^tea +1\.0 +en +yes", accord("instruments", "--folder", folder)[1], re.MULTILINE)

    def test_a_bad_file_there_is_named_and_the_rest_is_listed(self, accord, folder):
        (folder / "tea.toml").write_text(GOOD.read_text().replace('"bitter"]', '"sour"]'))
        code, out, err = accord("instruments", "--folder", folder)
        assert code == 2
        assert "accord-check-in" in out
        assert "tea.toml: scale 'taste' uses item 'sour'" in err or "tea.toml: scale 'taste' reverses item" in err

    def test_so_is_a_worked_example_that_does_not_hold(self, accord, folder):
        (folder / "tea.toml").write_text(GOOD.read_text().replace("taste = 75", "taste = 70"))
        code, _, err = accord("instruments", "--folder", folder)
        assert code == 2
        assert "tea: worked example 1 says taste is 70.0; its answers give 75.0." in err


class TestScore:
    def test_identifying_columns_pass_through_as_they_are_written(self, accord, folder):
        Path("a.csv").write_text(f"client,{PHQ},date\n007,1,2,3,0,1,2,3,0,1,01.02.2026\nNA,0,0,0,0,0,0,0,0,0,\n")
        code, out, _ = accord("score", "a.csv", "--instrument", "phq-9")
        assert code == 0
        assert out == "client,date,total,total_answered\n007,01.02.2026,13.0,9\nNA,,0.0,9\n"

    def test_no_score_is_an_empty_cell_with_the_count_beside_it(self, accord, folder):
        Path("a.csv").write_text(f"id,{PHQ}\n1,3,3,3,,,NA,,,\n2,,,,,,,,,\n")
        assert accord("score", "a.csv", "--instrument", "phq-9")[1].splitlines()[1:] == ["1,,3", "2,,0"]

    def test_each_scale_has_its_columns(self, accord, folder):
        Path("a.csv").write_text("d1,m1,b2,t1,v1,o2\n4,2,4,1,3,a walk\n")
        out = accord("score", "a.csv", "--instrument", "accord-check-in", "--form", "minimum")[1]
        header, row = (line.split(",") for line in out.splitlines())
        assert dict(zip(header, row, strict=True)) == {
            "collaboration": "75.0", "collaboration_answered": "2",
            "strain": "1.0", "strain_answered": "1", "voice": "3.0", "voice_answered": "1",
        }  # fmt: skip

    def test_what_people_wrote_is_not_passed_through(self, accord, folder):
        Path("a.csv").write_text("d1,m1,b2,t1,v1,o2\n4,2,4,1,3,a secret\n")
        assert "secret" not in accord("score", "a.csv", "--instrument", "accord-check-in", "--form", "minimum")[1]

    def test_the_order_of_columns_does_not_matter(self, accord, folder):
        Path("a.csv").write_text("phq2,phq1\n3,0\n")
        Path("b.csv").write_text("phq1,phq2\n0,3\n")
        runs = [accord("score", name, "--instrument", "phq-2")[1] for name in ("a.csv", "b.csv")]
        assert runs[0] == runs[1] == "total,total_answered\n3.0,2\n"

    @pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
    def test_out(self, accord, folder, name):
        Path("a.csv").write_text("phq1,phq2\n1,2\n,2\n")
        assert accord("score", "a.csv", "--instrument", "phq-2", "--out", name) == (0, "", "")
        table = pl.read_csv(name) if name.endswith("csv") else pl.read_parquet(name)
        assert table.rows() == [(3.0, 2), (None, 1)]

    def test_parquet_in(self, accord, folder):
        pl.DataFrame({"who": [1, 2], "phq1": [0, None], "phq2": [3.0, 1.0]}).write_parquet("a.parquet")
        assert accord("score", "a.parquet", "--instrument", "phq-2")[1].splitlines()[1:] == ["1,3.0,2", "2,,1"]

    def test_spaces_around_numbers_and_a_byte_order_mark_do_no_harm(self, accord, folder):
        Path("a.csv").write_bytes(b"\xef\xbb\xbfphq1,phq2\n 1 ,2.0\n")
        assert accord("score", "a.csv", "--instrument", "phq-2")[1] == "total,total_answered\n3.0,2\n"

    def test_a_questionnaire_of_the_practices_own_folder(self, accord, folder):
        Path("tea.toml").write_text(GOOD.read_text())
        Path("a.csv").write_text("warm,bitter\n2,1\n")
        out = accord("score", "a.csv", "--instrument", "tea", "--folder", ".")[1]
        assert out == "taste,taste_answered\n75.0,2\n"

    def test_the_real_ratings_of_the_trial_file(self, accord, folder, shared_data):
        # Column-centred steps: each column is shifted so that its lowest value is the lowest answer seen.
        table = pl.read_csv(shared_data / "implement_wai_bai_57x15.csv", null_values="NA")
        items = [f"wai{n}" for n in range(1, 10)]
        shifted = table.with_columns((pl.col(i) - pl.col(i).max() + 5).round(6) for i in items)
        shifted.drop("bai1", "bai2", "bai3").write_csv("a.csv")
        accord("score", "a.csv", "--instrument", "implement-wai-9", "--out", "out.csv")
        scores = pl.read_csv("out.csv")
        complete = shifted.filter(pl.all_horizontal(pl.col(items).is_not_null()))
        assert scores.columns[:3] == ["patient", "therapist", "session"]
        assert scores.filter(pl.col("total_answered") == 9).height == complete.height == 642
        expected = complete.select(pl.mean_horizontal(items)).to_series()
        got = scores.filter(pl.col("total_answered") == 9)["total"]
        assert (got - expected).abs().max() < 1e-9


class TestBadInput:
    def test_a_missing_column(self, accord, folder):
        Path("a.csv").write_text("id,phq1\n1,2\n")
        expected = "a.csv: the item column 'phq2' is missing; the file has id, phq1. Add or rename it."
        assert refused(accord, "score", "a.csv", "--instrument", "phq-2") == expected

    def test_a_missing_column_where_another_form_fits(self, accord, folder):
        Path("a.csv").write_text("d1,m1,b2,t1,v1\n0,0,0,0,0\n")
        sentence = refused(accord, "score", "a.csv", "--instrument", "accord-check-in")
        assert sentence.endswith("It fits the form 'minimum': add --form minimum.")

    def test_an_answer_that_the_form_does_not_ask(self, accord, folder):
        Path("a.csv").write_text("d1,d2,m1,b2,t1,v1\n0,,0,0,0,0\n0,3,0,0,0,0\n")
        expected = (
            "a.csv: line 3: 'd2' is answered, but the form 'minimum' does not ask it. "
            "Choose another form or remove the column."
        )
        assert refused(accord, "score", "a.csv", "--instrument", "accord-check-in", "--form", "minimum") == expected

    @pytest.mark.parametrize("value", ["4", "-1", "1.5", "1e9"])
    def test_an_answer_out_of_range(self, accord, folder, value):
        Path("a.csv").write_text(f"phq1,phq2\n0,3\n0,{value}\n")
        sentence = refused(accord, "score", "a.csv", "--instrument", "phq-2")
        assert sentence.startswith("a.csv: line 3, column 'phq2': ")
        assert sentence.endswith(" is not possible; it can be one of 0, 1, 2, 3. Correct it or leave it empty.")

    @pytest.mark.parametrize("value", ["often", "1,5", "nan", "inf", "1 2", "٣"])
    def test_an_answer_that_is_no_number(self, accord, folder, value):
        Path("a.csv").write_text(f'phq1,phq2\n0,"{value}"\n', encoding="utf-8")
        expected = f"a.csv: line 2, column 'phq2': {value!r} is not a finite number. Correct it or leave it empty."
        assert refused(accord, "score", "a.csv", "--instrument", "phq-2") == expected

    def test_a_column_with_the_name_of_a_score(self, accord, folder):
        Path("a.csv").write_text("total,phq1,phq2\n9,1,2\n")
        expected = "a.csv: the column 'total' has the name of a score. Rename it."
        assert refused(accord, "score", "a.csv", "--instrument", "phq-2") == expected

    def test_a_column_that_is_there_twice(self, accord, folder):
        Path("a.csv").write_text("phq1,phq2,phq2\n1,2,3\n")
        expected = "a.csv: column 'phq2' is there twice. Rename or remove one."
        assert refused(accord, "score", "a.csv", "--instrument", "phq-2") == expected

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "is not a table that can be read"),
            (b"phq1,phq2\n1,2,3\n", "is not a table that can be read"),
            (b"phq1;phq2\n1;2\n", "there is one column only, 'phq1;phq2'. Save the file with commas"),
            ("phq1,phq2\n1,2\n".encode("utf-16"), "the header is not UTF-8. Save the file as UTF-8."),
            ("grösse,phq1,phq2\n1,1,2\n".encode("latin-1"), "the header is not UTF-8. Save the file as UTF-8."),
            ("name,phq1,phq2\nJosé,1,2\n".encode("latin-1"), "is not a table that can be read (invalid utf-8"),
            (bytes(range(256)), "UTF-8"),
        ],
        ids=["empty", "ragged", "semicolons", "utf-16", "latin-1 header", "latin-1 cell", "not text"],
    )
    def test_a_file_that_is_no_utf_8_table(self, accord, folder, content, sentence):
        Path("a.csv").write_bytes(content)
        assert sentence in refused(accord, "score", "a.csv", "--instrument", "phq-2")

    def test_a_file_that_is_not_there(self, accord, folder):
        expected = "no.csv: there is no such file. Check the path."
        assert refused(accord, "score", "no.csv", "--instrument", "phq-2") == expected

    def test_a_place_that_cannot_be_written(self, accord, folder):
        Path("a.csv").write_text("phq1,phq2\n1,2\n")
        sentence = refused(accord, "score", "a.csv", "--instrument", "phq-2", "--out", "no/out.csv")
        assert sentence.startswith("no/out.csv: the file cannot be written (")

    def test_a_kind_of_file_that_is_not_written(self, accord, folder):
        Path("a.csv").write_text("phq1,phq2\n1,2\n")
        sentence = refused(accord, "score", "a.csv", "--instrument", "phq-2", "--out", "scores.xlsx")
        assert sentence.startswith("scores.xlsx: tables are written as CSV or Parquet. Give a name that ends in .csv")
        assert not Path("scores.xlsx").exists()

    def test_an_unknown_questionnaire_or_form(self, accord, folder):
        Path("a.csv").write_text("phq1,phq2\n1,2\n")
        assert "Did you mean phq-9" in refused(accord, "score", "a.csv", "--instrument", "phq9")
        sentence = refused(accord, "score", "a.csv", "--instrument", "phq-2", "--form", "short")
        assert sentence == "phq-2: there is no form 'short'; it has full."

    def test_a_questionnaire_without_scores(self, accord, folder):
        Path("a.csv").write_text("w1\n1\n")
        sentence = refused(accord, "score", "a.csv", "--instrument", "accord-wider-look", "--form", "turn-1")
        assert sentence == "accord-wider-look: the form 'turn-1' has no score. Choose another form or questionnaire."

    def test_a_header_without_rows_gives_a_header_without_rows(self, accord, folder):
        Path("a.csv").write_text("id,phq1,phq2\n")
        assert accord("score", "a.csv", "--instrument", "phq-2")[1] == "id,total,total_answered\n"


class TestDocumentation:
    def test_the_examples_of_the_help_run(self, accord, folder):
        Path("answers.csv").write_text(f"client,session,{PHQ}\nA,1,0,1,2,3,0,1,2,3,0\n")
        examples = re.findall(r"^  accord (.+)$", instruments.EXAMPLE + "\n" + score.EXAMPLE, re.MULTILINE)
        assert len(examples) == 4
        for example in examples:
            code, _, err = accord(*shlex.split(example))
            assert (code, err) == (0, ""), example
        assert Path("scores.csv").read_text() == "client,session,total,total_answered\nA,1,12.0,9\n"

    def test_every_command_and_option_has_help(self):
        for name, inner, text in subcommands(parser()):
            assert text, f"accord {name} has no help"
            for action in inner._actions:
                assert action.help or action.choices, f"accord {name}: {action.dest} has no help"

    def test_every_command_and_option_is_in_the_reference(self):
        page = (REFERENCE / "cli.md").read_text(encoding="utf-8")
        for name, inner, _ in subcommands(parser()):
            assert f"## accord {name}\n" in page, f"run {REGENERATE}"
            for option in (o for action in inner._actions for o in action.option_strings if o not in ("-h", "--help")):
                assert option in page, f"accord {name} {option}: run {REGENERATE}"

    def test_the_reference_says_what_a_default_is(self):
        assert "for each voice (default 0.05)" in command_page()
        assert "%(" not in command_page()

    @pytest.mark.parametrize(("page", "made"), [("cli.md", command_page), ("instruments.md", instrument_page)])
    def test_the_reference_is_current(self, page, made):
        assert (REFERENCE / page).read_text(encoding="utf-8") == made(), f"run {REGENERATE}"
