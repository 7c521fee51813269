"""The catalogue: what is in it, and what may be in it."""

import json
import re
from pathlib import Path

import pytest
from reading_grade import grade
from tea import GOOD, written

from accord.errors import BadInput, BadInstrument
from accord.instruments import SHIPPED, Catalogue, Instrument, catalogue, load
from accord.scoring import wrong_examples
from accord.toml import read_toml

KEYS_ONLY = ("wai-sr", "who-5", "core-10", "risq", "sparq", "implement-wai-9", "implement-bai-3")
OURS = (
    "accord-check-in", "accord-wider-look", "accord-starting-path", "accord-already-together", "accord-asking-again",
)  # fmt: skip


@pytest.fixture
def check_in(shipped: Catalogue) -> Instrument:
    return shipped.get("accord-check-in")


def texts(instrument: Instrument, language: str) -> list[str]:
    """Every question and label of a wording."""
    wording = instrument.wordings[language]
    found = []
    for item in instrument.items:
        for rater in item.raters:
            found += [wording.text(item.id, rater), *wording.labels(item.id, rater)]
    return found


class TestWhatIsThere:
    def test_every_file_can_be_used(self, shipped):
        assert shipped.problems == ()
        named = {identity if one is shipped.instruments[identity] else f"{identity}-{version}"
                 for (identity, version), one in shipped.versions.items()}  # fmt: skip
        assert {path.stem for path in SHIPPED.glob("*.toml")} == named

    def test_the_promised_questionnaires(self, shipped):
        promised = {*OURS, *KEYS_ONLY, "phq-9", "phq-2", "gad-7", "gad-2", "goal-rating", "gas"}
        assert promised <= set(shipped.instruments)

    def test_everything_fits_into_json(self, shipped):
        for instrument in shipped.instruments.values():
            whole = json.loads(json.dumps(instrument.to_dict(), allow_nan=False))
            assert whole["items"] == [item.id for item in instrument.items]
            assert [scale["name"] for scale in whole["scales"]] == [scale.name for scale in instrument.scales]

    def test_an_unknown_id_gets_the_nearest_ones(self, shipped):
        with pytest.raises(BadInput, match=re.escape("no questionnaire 'phq9'. Did you mean phq-9")):
            shipped.get("phq9")
        with pytest.raises(BadInput, match="no questionnaire 'xyz'. There are accord-already-together, "):
            shipped.get("xyz")
        with pytest.raises(BadInput, match="no questionnaire 'phq-9' in version 7"):
            shipped.get("phq-9", "7")

    def test_every_questionnaire_whose_licence_allows_its_words_has_them(self, shipped):
        allowed = [i for i in shipped.instruments.values() if i.licence.text_allowed and not i.has_wording()]
        assert not allowed, f"write [wording.en] in src/accord/instruments/catalogue: {[i.id for i in allowed]}"


class TestWhatMayBeThere:
    def test_no_wording_without_a_licence_that_allows_it(self, shipped):
        for instrument in shipped.instruments.values():
            assert instrument.licence.text_allowed or not instrument.wordings, instrument.id
        for path in (SHIPPED / "wording").glob("*.toml"):
            assert shipped.get(read_toml(path).text("instrument")).licence.text_allowed, path.name

    @pytest.mark.parametrize("identity", KEYS_ONLY)
    def test_licensed_questionnaires_are_keys_only(self, shipped, identity):
        assert not shipped.get(identity).has_wording()

    def test_a_file_that_may_not_carry_wording_and_does_is_refused(self, tmp_path):
        text = GOOD.replace("text_allowed = true", "text_allowed = false")
        with pytest.raises(BadInstrument, match="the licence of tea does not allow its wording here"):
            load(written(tmp_path, text))

    def test_a_shipped_text_file_for_it_is_refused_too(self, tmp_path, monkeypatch):
        (tmp_path / "wording").mkdir()
        written(tmp_path, GOOD.split("[wording.en]")[0].replace("text_allowed = true", "text_allowed = false"))
        words = 'instrument = "tea"\nversion = "1.0"\nlanguage = "en"\nstatus = "original"\n'
        written(tmp_path / "wording", words, "tea.en.toml")
        monkeypatch.setattr("accord.instruments.SHIPPED", tmp_path)
        expected = "tea.en.toml: the licence of tea does not allow its wording to be shipped. Remove the file."
        assert catalogue().problems == (expected,)

    def test_snomed_codes_are_not_shipped(self):
        assert not [path.name for path in SHIPPED.rglob("*.toml") if "snomed" in path.read_text().lower()]

    def test_what_comes_from_memory_is_never_called_verified(self, shipped):
        for instrument in shipped.instruments.values():
            for threshold in instrument.thresholds:
                from_memory = "memory" in threshold.source.lower() or threshold.source_type == "unverified"
                assert threshold.verified != from_memory, (instrument.id, threshold.label)

    def test_there_is_no_cut_off_for_an_alliance_measure(self, shipped):
        for identity in ("accord-check-in", "wai-sr", "implement-wai-9"):
            assert shipped.get(identity).thresholds == ()


class TestFreeOutcomeMeasures:
    def test_all_seven_gad_items_share_one_list_of_answers(self, shipped):
        # A reproduction in circulation has a wrong label in item 2.
        wording = shipped.get("gad-7").wordings["en"]
        lists = {wording.labels(f"gad{n}") for n in range(1, 8)}
        assert lists == {("Not at all", "Several days", "More than half the days", "Nearly every day")}

    def test_item_9_of_the_phq_9_calls_for_help_from_1_on(self, shipped):
        assert {item.id: item.safety for item in shipped.get("phq-9").items if item.safety} == {"phq9": 1}

    @pytest.mark.parametrize(
        ("answer", "asks"), [(0, False), (1, True), (3, True), (None, False), ("3", False), ((3,), False)]
    )
    def test_a_safety_answer_is_a_number_at_or_above_the_value_that_the_item_names(self, shipped, answer, asks):
        phq9 = shipped.get("phq-9")
        assert phq9.item("phq9").is_safety_answer(answer) is asks
        assert phq9.safety_items({"phq1": 3, "phq9": answer}) == (("phq9",) if asks else ())

    def test_no_answer_to_any_other_item_is_a_safety_answer(self, shipped):
        phq9 = shipped.get("phq-9")
        assert phq9.safety_items({f"phq{n}": 3 for n in range(1, 9)}) == ()

    @pytest.mark.parametrize(("short", "long"), [("phq-2", "phq-9"), ("gad-2", "gad-7")])
    def test_the_short_ones_are_the_first_two_items_of_the_long_ones(self, shipped, short, long):
        short, long = shipped.get(short), shipped.get(long)
        for item in short.items:
            assert short.wordings["en"].text(item.id, "client") == long.wordings["en"].text(item.id, "client")
            assert short.wordings["en"].labels(item.id) == long.wordings["en"].labels(item.id)

    @pytest.mark.parametrize("identity", ["phq-9", "phq-2", "gad-7", "gad-2"])
    def test_the_notice_is_shown_with_the_questions(self, shipped, identity):
        shown = shipped.get(identity).wordings["en"].shown("full", "client")
        assert "No permission required to reproduce, translate, display or distribute." in shown["notice"]
        assert shown["instruction"].startswith("Over the last 2 weeks, how often have you been bothered")

    def test_thresholds_as_read(self, shipped):
        def known(identity):
            return {(t.kind, t.op, t.value): t.verified for t in shipped.get(identity).thresholds}

        assert known("phq-9")["cut-off", ">=", 10] is True
        assert known("phq-9")["reliable change", ">=", 6] is True
        assert known("gad-7")["cut-off", ">=", 8] is True
        assert known("gad-7")["reliable change", ">=", 4] is True
        assert known("who-5")["cut-off", "<=", 50] is True
        assert known("who-5")["cut-off", "<=", 28] is False
        assert known("core-10") == {
            ("cut-off", ">=", 11): False,
            ("cut-off", ">=", 13): False,
            ("reliable change", ">=", 6): False,
            ("reliable change", ">=", 5): True,
        }


class TestCheckIn:
    def test_the_full_set(self, check_in):
        asked = [item.id for item in check_in.asked("full", "client")]
        assert asked == ["t1", "d1", "d2", "m1", "m2", "b2", "b3", "b4", "t3", "t2", "v1", "b1", "o1", "o2"]

    def test_the_minimum_set(self, check_in):
        asked = [item.id for item in check_in.asked("minimum", "client")]
        assert asked == ["t1", "d1", "m1", "b2", "t2", "v1", "o2"]

    def test_every_scored_item_is_a_pair_with_five_answers(self, check_in):
        for scale in check_in.scales:
            assert scale.commensurate
            for item_id in scale.items:
                assert check_in.item(item_id).raters == ("client", "therapist")
                assert check_in.answer_set(item_id).values == (0, 1, 2, 3, 4)
                for wording in check_in.wordings.values():
                    assert wording.labels(item_id, "client") == wording.labels(item_id, "therapist")

    def test_guesses_are_the_therapists_alone_and_in_no_scale(self, check_in):
        guesses = [item for item in check_in.items if item.construct.startswith("guess")]
        assert guesses
        for item in guesses:
            assert item.raters == ("therapist",)
            assert not item.commensurate
            assert not any(item.id in scale.items for scale in check_in.scales)
        with pytest.raises(BadInput, match="item 'g1' is not asked of the client"):
            check_in.wordings["en"].text("g1", "client")

    def test_where_a_strain_stands_is_asked_only_when_there_was_one(self, check_in):
        conditions = {item.id: item.asked_if for item in check_in.items if item.asked_if}
        assert conditions == {"t2": ("t1", 1), "t3": ("t1", 1)}
        assert check_in.answer_set("t2").codes == ("settled", "partly", "still_there", "not_talked_about")
        kinds = check_in.answer_set("t3")
        assert dict(zip(kinds.codes, kinds.groups, strict=True))["went_along"] == "withdrawal"

    def test_what_was_held_back_is_a_question_without_a_pair_and_without_a_score(self, check_in):
        assert not check_in.item("b1").commensurate
        assert not any("b1" in scale.items for scale in check_in.scales)

    def test_both_are_offered_what_the_therapist_did_and_only_clients_what_they_alone_feel(self, check_in):
        kinds = check_in.answer_set("t3")
        assert {"judged", "line_crossed"} <= set(kinds.offered("client")) - set(kinds.offered("therapist"))
        therapist_did = ("hurried", "pressed", "missed", "changed_subject")
        assert tuple(kinds.offered("client"))[:4] == tuple(kinds.offered("therapist"))[:4] == therapist_did

    def test_only_what_somebody_did_makes_a_strain_withdrawal_or_confrontation(self, check_in):
        kinds = check_in.answer_set("t3")
        groups = dict(zip(kinds.codes, kinds.groups, strict=True))
        assert [c for c in groups if groups[c] == "withdrawal"] == ["quiet", "went_along", "steered_away"]
        assert [c for c in groups if groups[c] == "confrontation"] == ["disagreed", "complained"]

    def test_version_0_1_is_read_and_scored_by_its_own_rules(self, shipped):
        old = shipped.get("accord-check-in", "0.1")
        assert old.scale("connection").items == ("b1", "b2", "b3")
        assert set(old.wordings) == {"en", "de"}

    def test_the_talk_sheet_has_a_phrase_for_each_answer_in_each_voice(self, check_in):
        wording = check_in.wordings["en"]
        assert wording.shared_item("d1") == "Time on what matters most"
        assert wording.statement("b1", "client", 3) == "Held back: one thing that matters"
        assert wording.statement("b1", "therapist", 0) == "Did not see anything held back"
        assert wording.statement("t2", "client", 0) == "It is resolved"  # without a phrase of its own: the label
        for wording in check_in.wordings.values():
            for item in check_in.items:
                assert wording.shared_item(item.id)
                if item.commensurate:
                    assert all(len(wording.items[item.id].statements[rater]) == 5 for rater in item.raters)


class TestOurWords:
    @pytest.mark.parametrize("identity", OURS)
    def test_in_english_and_as_a_draft_in_german(self, shipped, identity):
        wordings = shipped.get(identity).wordings
        assert {language: w.status for language, w in wordings.items()} == {"en": "original", "de": "draft translation"}

    @pytest.mark.parametrize("identity", OURS)
    @pytest.mark.parametrize("language", ["en", "de"])
    def test_no_today_and_no_guessed_pronoun(self, shipped, identity, language):
        banned = {"en": "today|he|she|him|her|his|hers", "de": "heute|er|ihm|ihn|seine|seinen|seiner"}[language]
        for text in texts(shipped.get(identity), language):
            assert not re.search(rf"\b({banned})\b", text, re.IGNORECASE), text

    @pytest.mark.parametrize("identity", OURS)
    @pytest.mark.parametrize("language", ["en", "de"])
    def test_the_session_follows_in_so_that_one_noun_phrase_fits_everywhere(self, shipped, identity, language):
        for text in texts(shipped.get(identity), language):
            assert text.count("{session}") == len(re.findall(r"\b[Ii]n \{session\}", text)), text

    @pytest.mark.parametrize("identity", OURS)
    def test_questions_are_short_and_ask_one_thing(self, shipped, identity):
        for item in shipped.get(identity).items:
            for rater in item.raters:
                text = shipped.get(identity).wordings["en"].text(item.id, rater)
                assert len(text.split()) <= 22, text
                assert text.count("?") == 1, text
                assert " and/or " not in text

    @pytest.mark.parametrize("identity", OURS)
    @pytest.mark.parametrize(("language", "most"), [("en", 6), ("de", 8)])
    def test_a_client_can_read_the_questions(self, shipped, identity, language, most):
        """Grade 6 by Flesch–Kincaid, 8 by the Wiener Sachtextformel; names and a day are filled in."""
        wording = shipped.get(identity).wordings[language]
        items = [item.id for item in shipped.get(identity).items if "client" in item.raters]
        session = {"en": "the session on Tuesday", "de": "der Sitzung am Dienstag"}[language]
        filled = [wording.text(i, "client").format(session=session, client="Ana", therapist="Ben") for i in items]
        sentences = [part for text in filled for part in re.split(r"(?<=[.?!:])\s+", text)]
        assert grade(sentences, language) <= most

    def test_the_starting_path_and_the_wider_look_make_no_scores(self, shipped):
        assert shipped.get("accord-starting-path").scales == shipped.get("accord-already-together").scales == ()
        assert list(shipped.get("accord-starting-path").forms) == ["start-1", "start-2", "start-3"]
        assert shipped.get("accord-wider-look").scales == ()
        assert all(len(items) <= 3 for items in shipped.get("accord-wider-look").forms.values())


class TestHash:
    def test_the_words_of_version_0_1(self, shipped):
        # Stored responses name this hash: other words need another version.
        words = shipped.get("accord-check-in", "0.1").wordings["en"]
        assert words.hash("full", "client").startswith("e3446cd64d8ab4fb")

    def test_it_differs_with_language_form_and_rater(self, check_in):
        en, de = check_in.wordings["en"], check_in.wordings["de"]
        shown = [en.hash(form, rater) for form in check_in.forms for rater in check_in.raters]
        assert len({*shown, de.hash("full", "client")}) == 5
        assert all(re.fullmatch("[0-9a-f]{64}", h) for h in shown)

    def test_one_letter_changes_it(self, tmp_path):
        one = load(written(tmp_path, GOOD)).wordings["en"]
        other = load(written(tmp_path, GOOD.replace("Was the tea warm?", "Was the tea warm"))).wordings["en"]
        assert one.hash("full", "client") != other.hash("full", "client")
        assert one.hash("full", "therapist") == other.hash("full", "therapist")

    def test_what_is_not_shown_does_not(self, tmp_path):
        one = load(written(tmp_path, GOOD)).wordings["en"]
        other = load(written(tmp_path, GOOD.replace('short = "Warm tea"', 'short = "Hot tea"'))).wordings["en"]
        assert one.hash("full", "client") == other.hash("full", "client")


def text_file(instrument: Instrument, language: str = "en", status: str = "site") -> str:
    """What a practice would write, with invented words: the real ones belong to others."""
    lines = [f'instrument = "{instrument.id}"', f'version = "{instrument.version}"', f'language = "{language}"']
    lines += [f'status = "{status}"', "[answers]"]
    for answers in instrument.answer_sets.values():
        labels = [f"label of {value}" for value in answers.values]
        lines += [f"{answers.id} = {json.dumps(labels)}"] if labels else []
    lines += ["[items]", *(f'{item.id} = "text of item {item.id}"' for item in instrument.items)]
    return "\n".join(lines)


class TestOwnFolder:
    @pytest.mark.parametrize("identity", ["wai-sr", "who-5", "core-10"])
    def test_a_text_file_brings_a_licensed_questionnaire_to_life(self, shipped, tmp_path, identity):
        written(tmp_path, text_file(shipped.get(identity)), f"{identity}.en.toml")
        found = catalogue(tmp_path)
        assert found.problems == ()
        alive = found.get(identity)
        assert alive.has_wording("en")
        assert alive.wordings["en"].text(alive.items[0].id, "client") == f"text of item {alive.items[0].id}"
        assert alive.wordings["en"].status == "site"
        assert not shipped.get(identity).has_wording()

    def test_a_text_for_another_version_is_refused(self, shipped, tmp_path):
        text = text_file(shipped.get("wai-sr")).replace('"2006"', '"1989"')
        written(tmp_path, text, "wai.toml")
        (problem,) = catalogue(tmp_path).problems
        assert problem.startswith("wai.toml: it words wai-sr 1989, which is not there; there are ")

    def test_it_may_replace_a_draft_but_not_an_original(self, shipped, tmp_path):
        check_in = shipped.get("accord-check-in")
        codes = check_in.answer_set("t3").codes
        labels = {rater: [f"label {code}" for code in codes] for rater in check_in.raters}
        kind = "[answers.kind]\n" + "\n".join(f"{rater} = {json.dumps(texts)}" for rater, texts in labels.items())
        text = text_file(check_in, "de").replace("[items]", f"{kind}\n[items]")
        written(tmp_path, text, "ours.de.toml")
        written(tmp_path, text.replace('language = "de"', 'language = "en"'), "ours.en.toml")
        found = catalogue(tmp_path)
        assert found.get("accord-check-in").wordings["de"].status == "site"
        assert found.problems == (
            "ours.en.toml: accord-check-in already has a wording in 'en', which is not a draft. Remove the file.",
        )

    def test_a_new_questionnaire_is_one_file(self, tmp_path):
        written(tmp_path, GOOD)
        found = catalogue(tmp_path)
        assert found.problems == ()
        assert found.get("tea").wordings["en"].text("warm", "therapist") == "Was the tea of {client} warm?"

    def test_old_versions_stay(self, tmp_path):
        for version in ("1.9", "1.10", "1.0"):
            written(tmp_path, GOOD.replace('version = "1.0"', f'version = "{version}"'), f"tea-{version}.toml")
        found = catalogue(tmp_path)
        assert found.get("tea").version == "1.10"
        assert found.get("tea", "1.9").version == "1.9"

    def test_a_broken_file_is_reported_and_the_rest_works(self, shipped, tmp_path):
        written(tmp_path, GOOD)
        written(tmp_path, GOOD.replace('"bitter"]', '"sour"]'), "broken.toml")
        written(tmp_path, "[[[", "worse.toml")
        found = catalogue(tmp_path)
        assert set(found.instruments) == {*shipped.instruments, "tea"}
        assert [problem.split(":")[0] for problem in found.problems] == ["broken.toml", "worse.toml"]

    def test_a_second_file_of_the_same_version_is_refused(self, tmp_path):
        written(tmp_path, GOOD)
        written(tmp_path, GOOD, "tea2.toml")
        expected = "tea2.toml: there is already a questionnaire tea 1.0. Give this one another id or version."
        assert catalogue(tmp_path).problems == (expected,)

    def test_a_missing_folder_is_reported(self, tmp_path):
        assert catalogue(tmp_path / "no").problems == (f"{tmp_path / 'no'}: there is no such folder. Check the path.",)


def test_raters_can_have_labels_of_their_own(tmp_path):
    labels = 'degree = ["not", "a little", "very"]'
    by_rater = 'degree = { client = ["no", "some", "yes"], therapist = ["cold", "mild", "hot"] }'
    only_one = GOOD.replace('construct = "bitterness"', 'construct = "bitterness"\nraters = ["client"]')
    wording = load(written(tmp_path, only_one.replace(labels, by_rater))).wordings["en"]
    assert wording.labels("warm", "client") == wording.labels("bitter", "client") == ("no", "some", "yes")
    assert wording.labels("warm", "therapist") == ("cold", "mild", "hot")


def test_an_item_can_have_labels_of_its_own(tmp_path):
    labels = 'degree = ["not", "a little", "very"]'
    wording = load(written(tmp_path, GOOD.replace(labels, labels + '\nwarm = ["cold", "mild", "hot"]'))).wordings["en"]
    assert wording.labels("warm") == ("cold", "mild", "hot")
    assert wording.labels("bitter") == ("not", "a little", "very")


class TestHowTo:
    def test_the_questionnaire_in_the_how_to_is_a_whole_one(self, tmp_path):
        page = (Path(__file__).parents[2] / "docs" / "how-to" / "add-a-questionnaire.md").read_text(encoding="utf-8")
        file = next(block for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[licence]" in block)
        written(tmp_path, file, "sleep-diary.toml")
        found = catalogue(tmp_path)
        assert found.problems == ()
        assert wrong_examples(found.get("sleep-diary")) == ()
