"""Study files are checked by table, row and column, joined by practice so that repeating is safe, and labelled."""

import json

import polars as pl
import pytest
from tests.accord.study_files import packed, tables

from accord.cli import main
from accord.errors import BadInput, BadTable
from accord.registry.faults import faults
from accord.registry.folder import read_folder
from accord.registry.join import join, open_registry
from accord.registry.labelled import write_labelled
from accord.registry.mapped import read_map, read_mapped


def faults_of(tmp_path, rows) -> list[str]:
    return [str(fault) for fault in faults(read_folder(packed(tmp_path / "a.zip", rows)))]


class TestCheck:
    def test_a_file_without_a_fault(self, tmp_path, capsys):
        assert faults_of(tmp_path, tables()) == []
        assert main(["study", "check", str(tmp_path / "a.zip")]) == 0
        assert "rows: dyads 4, scores 24, sessions 12" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("table", "row", "column", "value", "says"),
        [
            ("scores", 2, "score", "high", "scores.csv, line 4, column 'score': 'high': this is no number"),
            ("scores", 0, "score", "inf", "scores.csv, line 2, column 'score': 'inf': this is no number"),
            ("scores", 1, "rater", "dog", "line 3, column 'rater': 'dog': the codes are client, therapist"),
            ("scores", 1, "rater", "", "line 3, column 'rater': it is empty"),
            ("scores", 1, "answered", 12, "line 3, column 'answered': '12': more than asked"),
            ("scores", 1, "answered", -1, "line 3, column 'answered': '-1': possible is from 0"),
            ("scores", 1, "dyad", 99, "line 3, column 'dyad': '99': dyads.csv has no such course"),
            ("sessions", 1, "session", 0, "line 3, column 'session': '0': possible is from 1"),
            ("sessions", 1, "session", "2.5", "line 3, column 'session': '2.5': this is no integer"),
            ("sessions", 1, "asked", "yes", "line 3, column 'asked': 'yes': this is no boolean"),
            ("dyads", 1, "dyad", 1, "line 3, column 'dyad': this row is there twice"),
        ],
    )
    def test_each_fault_is_named_by_row_and_column(self, tmp_path, table, row, column, value, says):
        rows = tables()
        rows[table][row][column] = value
        assert any(says in fault for fault in faults_of(tmp_path, rows))

    def test_missing_columns_and_tables_and_unknown_ones_are_named(self, tmp_path):
        rows = tables()
        del rows["dyads"]
        rows["scores"] = [{**row, "name": "Ana"} for row in rows["scores"]]
        for row in rows["scores"]:
            del row["scale"]
        named = faults_of(tmp_path, rows)
        assert "dyads.csv: the table is missing" in named
        assert "scores.csv, column 'scale': the column is missing" in named
        assert "scores.csv, column 'name': no table of a study has such a column here" in named

    def test_many_faults_of_a_kind_are_counted(self, tmp_path):
        rows = tables(20)
        for row in rows["scores"]:
            row["score"] = "x"
        assert "scores.csv, column 'score': this is no number, in 100 more rows" in faults_of(tmp_path, rows)

    def test_the_command_fails_where_something_is_wrong(self, tmp_path, capsys):
        rows = tables()
        rows["scores"][0]["score"] = "x"
        path = packed(tmp_path / "a.zip", rows)
        assert main(["study", "check", str(path), "--json"]) == 2
        printed = capsys.readouterr()
        assert json.loads(printed.out)["faults"][0] == {
            "table": "scores", "row": 2, "column": "score", "what": "'x': this is no number",
        }  # fmt: skip
        assert "faults: 1." in printed.err

    @pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04broken"])
    def test_what_is_no_study_file_gets_a_sentence(self, tmp_path, content, capsys):
        path = tmp_path / "a.zip"
        path.write_bytes(content)
        assert main(["study", "check", str(path)]) == 2
        assert "this is not a zip" in capsys.readouterr().err

    def test_a_zip_with_a_password_gets_a_sentence(self, tmp_path, capsys):
        path = packed(tmp_path / "a.zip", tables())
        locked = bytearray(path.read_bytes())
        for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = locked.find(mark)
            while at >= 0:
                locked[at + flags] |= 1
                at = locked.find(mark, at + 1)
        path.write_bytes(locked)
        assert main(["study", "check", str(path)]) == 2
        assert "Unpack it and give the folder" in capsys.readouterr().err

    def test_a_package_that_describes_no_study_gets_a_sentence(self, tmp_path, capsys):
        assert main(["study", "check", str(packed(tmp_path / "a.zip", tables(), package=[]))]) == 2
        assert "datapackage.json: it describes no study" in capsys.readouterr().err


class TestJoin:
    def files(self, tmp_path):
        north = read_folder(packed(tmp_path / "north.zip", tables(4)))
        south = read_folder(packed(tmp_path / "south.zip", tables(6, first=30)))
        return {"north": north, "south": south}

    def test_each_practice_is_a_partition_and_stands_in_the_manifest(self, tmp_path):
        made = join(self.files(tmp_path), tmp_path / "registry")
        scores = pl.concat([pl.read_parquet(path) for path in made.files("scores")])
        assert len(scores) == (4 + 6) * 3 * 2
        assert scores["score"].dtype == pl.Float64
        manifest = json.loads((tmp_path / "registry/manifest.json").read_text())
        assert manifest["practices"]["south"]["tables"] == {"dyads": 6, "scores": 36, "sessions": 18}
        assert manifest["practices"]["south"]["consent"] == "studies 2026-11"
        assert pl.scan_parquet(made.files("dyads"), hive_partitioning=True).collect()["practice"].n_unique() == 2

    def test_repeating_it_changes_no_byte(self, tmp_path):
        def content():
            return {p: p.read_bytes() for p in sorted((tmp_path / "registry").rglob("*")) if p.is_file()}

        join(self.files(tmp_path), tmp_path / "registry")
        before = content()
        join(self.files(tmp_path), tmp_path / "registry")
        assert content() == before

    def test_a_new_file_takes_the_place_of_the_old_one_and_of_no_other(self, tmp_path):
        join(self.files(tmp_path), tmp_path / "registry")
        again = read_folder(packed(tmp_path / "again.zip", tables(9)))
        made = join({"north": again}, tmp_path / "registry")
        assert {n: e["tables"]["dyads"] for n, e in made.practices.items()} == {"north": 9, "south": 6}
        assert len(list((tmp_path / "registry/scores/practice=north").iterdir())) == 1

    def test_a_file_that_is_in_the_manifest_and_gone_is_named(self, tmp_path):
        made = join(self.files(tmp_path), tmp_path / "registry")
        next((tmp_path / "registry/scores/practice=south").iterdir()).unlink()
        with pytest.raises(BadTable, match="practice=south.*Join this practice's study file again"):
            made.files("scores")

    def test_where_no_folder_can_be_made_the_command_says_so(self, tmp_path, capsys):
        path = packed(tmp_path / "a.zip", tables())
        assert main(["study", "join", f"north={path}", "--out", str(path)]) == 2
        assert "Check the path and its permissions." in capsys.readouterr().err

    def test_a_table_that_the_new_file_lacks_goes(self, tmp_path):
        join(self.files(tmp_path), tmp_path / "registry")
        rows = tables(4)
        del rows["sessions"]
        made = join({"north": read_folder(packed(tmp_path / "b.zip", rows))}, tmp_path / "registry")
        assert len(made.files("sessions")) == 1
        assert not list((tmp_path / "registry/sessions/practice=north").iterdir())

    def test_broken_off_before_the_manifest_the_old_file_counts(self, tmp_path, monkeypatch):
        join(self.files(tmp_path), tmp_path / "registry")
        again = read_folder(packed(tmp_path / "again.zip", tables(9)))
        with monkeypatch.context() as patched:
            patched.setattr("os.replace", lambda *_a: (_ for _ in ()).throw(OSError("no power")))
            with pytest.raises(OSError):
                join({"north": again}, tmp_path / "registry")
        old = open_registry(tmp_path / "registry")
        assert sum(len(pl.read_parquet(path)) for path in old.files("dyads")) == 10
        assert old.practices["north"]["tables"]["dyads"] == 4

    def test_a_file_with_a_fault_changes_nothing(self, tmp_path):
        join(self.files(tmp_path), tmp_path / "registry")
        rows = tables()
        rows["scores"][0]["score"] = "x"
        with pytest.raises(BadTable, match="line 2, column 'score'"):
            join({"north": read_folder(packed(tmp_path / "b.zip", rows))}, tmp_path / "registry")
        assert open_registry(tmp_path / "registry").practices["north"]["tables"]["dyads"] == 4

    @pytest.mark.parametrize("name", ["", "../up", "Ärzte", "a/b", "practice=x", "01", "1a"])
    def test_a_name_cannot_lead_out_of_the_folder(self, tmp_path, name):
        with pytest.raises(BadInput, match="cannot name a practice"):
            join({name: read_folder(packed(tmp_path / "b.zip", tables()))}, tmp_path / "registry")

    def test_the_command_says_what_is_in_it(self, tmp_path, capsys):
        path = packed(tmp_path / "a.zip", tables())
        assert main(["study", "join", f"north={path}", "--out", str(tmp_path / "r")]) == 0
        assert "north: 4 courses, 24 scores; made 2026-11-30; consent: studies 2026-11" in capsys.readouterr().out
        assert main(["study", "join", str(path), "--out", str(tmp_path / "r")]) == 2
        assert main(["study", "join", f"n={path}", f"n={path}", "--out", str(tmp_path / "r")]) == 2


class TestForeignTables:
    TABLE = "patient,who,scale,week,value,doctor\nP7,pt,BDI,1,20,X\nP7,pt,BDI,2.0,NA,X\nP3,th,BDI,1,30,Y\n"
    MAP = """
    [columns]
    person = "patient"
    score = "value"
    session = "week"
    measure = "scale"
    rater = "who"
    therapist = "doctor"
    [raters]
    pt = "client"
    th = "therapist"
    [measures]
    BDI = "bdi/total"
    """

    def read(self, tmp_path, table=TABLE, text=MAP):
        (tmp_path / "t.csv").write_text(table)
        (tmp_path / "m.toml").write_text(text)
        return read_mapped(tmp_path / "t.csv", read_map(tmp_path / "m.toml"))

    def test_a_long_table_becomes_the_tables_of_a_study(self, tmp_path):
        file = self.read(tmp_path)
        assert faults(file) == []
        assert file.tables["scores"].rows() == [
            ("2", "1", "1", "client", "bdi/total", "20"), ("2", "2", "2", "client", "bdi/total", None),
            ("1", "1", "1", "therapist", "bdi/total", "30"),
        ]  # fmt: skip
        assert sorted(file.tables["dyads"].rows()) == [("1", "2"), ("2", "1")]
        assert "P7" not in str(file.tables)

    def test_dates_number_the_sessions_of_each_person(self, tmp_path):
        table = "p,on,v\na,2024-05-01,1\na,2024-04-01,2\nb,2024-06-01,3\n"
        text = 'rater = "client"\nmeasure = "x/y"\n[columns]\nperson = "p"\nscore = "v"\ndate = "on"\n'
        file = self.read(tmp_path, table, text)
        assert file.tables["scores"]["session"].to_list() == ["2", "1", "1"]
        assert faults(file) == []

    @pytest.mark.parametrize("day", ["1.5.2024", ""])
    def test_a_date_whose_order_cannot_be_read_is_named(self, tmp_path, day):
        table = f"p,on,v\na,2024-05-01,1\na,{day},2\n"
        text = 'rater = "client"\nmeasure = "x/y"\n[columns]\nperson = "p"\nscore = "v"\ndate = "on"\n'
        with pytest.raises(BadTable, match="line 3: the date is"):
            self.read(tmp_path, table, text)

    def test_read_by_another_mapping_it_is_another_file(self, tmp_path):
        one, other = (self.read(tmp_path, text=self.MAP.replace("bdi/total", name)) for name in ("a/b", "c/d"))
        assert one.sha256 != other.sha256

    def test_a_word_that_the_mapping_does_not_know_is_a_fault(self, tmp_path):
        named = [str(fault) for fault in faults(self.read(tmp_path, self.TABLE.replace("th,", "doc,")))]
        assert any("'doc': the codes are client, therapist" in fault for fault in named)

    def test_a_person_with_two_therapists_is_a_fault(self, tmp_path):
        named = [str(fault) for fault in faults(self.read(tmp_path, self.TABLE.replace("NA,X", "NA,Y")))]
        assert any(fault.startswith("dyads.csv") and "there twice" in fault for fault in named)

    @pytest.mark.parametrize("text", ["", '[columns]\nperson="p"\nscore="v"\n', MAP + '\n[more]\na="b"\n'])
    def test_a_mapping_that_cannot_be_used_says_so(self, tmp_path, text):
        with pytest.raises(BadInput):
            self.read(tmp_path, text=text)

    def test_without_a_mapping_the_command_asks_for_one(self, tmp_path, capsys):
        self.read(tmp_path)
        assert main(["study", "check", str(tmp_path / "t.csv")]) == 2
        assert "Give --map" in capsys.readouterr().err

    def test_the_command_joins_it(self, tmp_path):
        self.read(tmp_path)
        source, columns = f"east={tmp_path / 't.csv'}", str(tmp_path / "m.toml")
        assert main(["study", "check", str(tmp_path / "t.csv"), "--map", columns]) == 0
        assert main(["study", "join", source, "--map", columns, "--out", str(tmp_path / "r")]) == 0


def test_a_file_with_a_fault_is_not_labelled(tmp_path):
    pytest.importorskip("pyreadstat")
    rows = tables()
    rows["scores"][0]["score"] = "x"
    path = packed(tmp_path / "a.zip", rows)
    with pytest.raises(BadTable, match="line 2, column 'score'"):
        write_labelled(read_folder(path), "spss", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("program", "ending"), [("spss", "sav"), ("stata", "dta")])
def test_other_programs_read_columns_and_codes_with_labels(tmp_path, program, ending):
    pyreadstat = pytest.importorskip("pyreadstat")
    path = packed(tmp_path / "a.zip", tables())
    assert main(["study", "labels", str(path), "--to", program, "--out", str(tmp_path / "out")]) == 0
    read = pyreadstat.read_sav if program == "spss" else pyreadstat.read_dta
    rows, meta = read(str(tmp_path / f"out/scores.{ending}"), output_format="polars")
    assert meta.column_names_to_labels["rater"] == "client or therapist"
    assert meta.variable_value_labels["rater"] == {1: "client", 2: "therapist"}
    assert rows["rater"].to_list()[:2] == [1, 1]
    assert rows["score"].to_list()[:2] == [52.0, 48.0]
