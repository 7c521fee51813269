"""A practice edits the file of its own questionnaire: pages and answers stay, and nothing untrue is told."""

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.test import override_settings
from tests.clinic.people import CHECK_IN, a_held_session, a_part, a_session, answers
from tests.clinic.phone import USUAL, Phone
from tests.clinic.rights_steps import code_for, erase, inside

from accord_clinic.actions import calibration, checkin, private_lines, reveal
from accord_clinic.exports.fhir import as_fhir
from accord_clinic.forms.care import SetUp
from accord_clinic.models import Calibration, Comment, Measure, PrivateLine, Response
from accord_clinic.pages.talk_sheet import sheet
from accord_clinic.queries.courses import course_of
from accord_clinic.queries.outside import line
from accord_clinic.queries.ratings import ratings
from accord_clinic.questionnaires import questions, showing
from accord_clinic.questionnaires.plan import HAVE_A_PLACE
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.questionnaires.submission import OpenLine

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.same_on_postgresql(reason="a questionnaire is a file; its answers lie where all others do"),
]

HEAD = """
id = "{name}"
version = "{version}"
name = "Sleep diary"
status = "experimental"
about = "How the last night was."
raters = {raters}
[answers.degree]
kind = "choice"
values = {values}
[answers.words]
kind = "text"
"""
ITEMS = {
    "deep": 'construct = "depth"\nanswers = "degree"\nsharing = true\n',
    "awake": 'construct = "lying awake"\nanswers = "degree"\nasked_if = { item = "deep", at_least = 1 }\n',
    "calm": 'construct = "calm"\nanswers = "degree"\n',
    "dream": 'construct = "dreams"\nanswers = "words"\n',
}
TAIL = """
[forms.full]
items = {items}
seconds = 15
[key]
source = "Our own"
source_type = "our own"
verified = true
[missing_rule]
source = "Our choice"
source_type = "our own"
verified = true
[[scales]]
name = "{scale}"
items = ["calm"]
method = "{method}"
at_least = {{ full = 1 }}
direction = "high is good"
[licence]
spdx = "CC-BY-4.0"
holder = "Our practice"
text_allowed = true
redistribution_allowed = true
modification_allowed = true
commercial_allowed = true
notice = "CC BY 4.0."
evidence = "We wrote it"
checked_on = "2026-11-22"
[[examples]]
form = "full"
answers = {{ calm = {most} }}
scores = {{ {scale} = {top} }}
[[examples]]
form = "full"
answers = {{ calm = 0 }}
scores = {{ {scale} = 0 }}
"""
LABELS = ["Not at all", "A little", "Fairly", "Very", "Completely"]
BOTH = ["client", "therapist"]


def diary(
    items=tuple(ITEMS), steps=5, version="1.0", raters=BOTH, scale="rest", method="mean100", name="sleep", words=True
):
    """The file of a sleep diary: two answers that a client may keep, one that makes a score, and an open line."""
    most = steps - 1
    head = HEAD.format(name=name, version=version, raters=raters, values=list(range(steps)))
    asked = "".join(f'[[items]]\nid = "{item}"\n{ITEMS[item]}' for item in items)
    top = 100 if method == "mean100" else most
    tail = TAIL.format(items=list(items), scale=scale, method=method, most=most, top=top)
    said = {item: ", ".join([*(f'{rater} = "{item}?"' for rater in raters), f'short = "{item}"']) for item in items}
    texts = "".join(f"{item} = {{ {text} }}\n" for item, text in said.items())
    wording = (
        f'[wording.en]\nstatus = "original"\n[wording.en.answers]\ndegree = {LABELS[:steps]}\n[wording.en.items]\n'
    )
    return (head + asked + tail + (wording + texts if words else "")).replace("'", '"')


CHANGES = {
    "items are gone": diary(items=("calm", "dream")),
    "a line is gone": diary(items=("deep", "awake", "calm")),
    "its range is another": diary(steps=3),
    "the scale has another name": diary(scale="peace"),
    "another version took its place": diary(steps=3, version="2.0"),
    "only therapists are asked": diary(raters=["therapist"]),
    "it has no words any more": diary(words=False),
    "it is broken": diary().replace('kind = "text"', 'kind = "poem"'),
    "it is gone": None,
}


def serve_again():
    """As after a new start: files of questionnaires are read once."""
    for made in (shelf, questions._block, showing._blank):
        made.cache_clear()


@pytest.fixture
def file(settings, tmp_path):
    """Put another text into the practice's file, and serve the clinic again."""
    settings.INSTRUMENT_TEXTS = tmp_path

    def put(text, name="sleep.toml"):
        path = tmp_path / name
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
        serve_again()

    put(diary())
    assert not shelf().problems
    yield put
    settings.INSTRUMENT_TEXTS = tmp_path / "nothing"
    tmp_path.joinpath("nothing").mkdir()
    serve_again()


def test_a_questionnaire_in_the_folder_is_offered_as_an_outcome_measure(file):
    """One file is enough: nothing else names it."""
    assert "measure-sleep" in SetUp(usual=1).fields
    file(diary(raters=["therapist"]))
    assert "measure-sleep" not in SetUp(usual=1).fields
    file(diary(words=False))
    assert "measure-sleep" not in SetUp(usual=1).fields


def test_what_is_asked_in_a_place_of_its_own_is_not_offered_as_an_outcome_measure():
    offered = {name.removeprefix("measure-") for name in SetUp(usual=1).fields if name.startswith("measure-")}
    assert offered >= {"phq-9", "gad-7"}
    assert not offered & HAVE_A_PLACE
    assert not {name for name in offered if name.startswith("accord-")}


def said(side, dream=("The sea", "therapist"), sharing=None, **items):
    """A check-in with the sleep diary."""
    part = a_part("sleep", side, "full", {"deep": 3, "awake": 1, "calm": 4} | items)
    whole = answers(side, parts=(part,))
    kept = {("sleep", item): choice for item, choice in (sharing or {}).items()}
    return replace(whole, sharing=kept, open_lines=(OpenLine("sleep", "dream", *dream),))


def begin(people):
    """Four open sessions: words shown, an answer kept with what hangs on it, words kept, words to somebody else."""
    with TemporaryDirectory() as folder, override_settings(INSTRUMENT_TEXTS=Path(folder)):
        Path(folder, "sleep.toml").write_text(diary())
        serve_again()
        Measure.objects.create(dyad=people.dyad, instrument="sleep", every=1)
        own = answers("therapist")
        for client in (
            said("client"),
            said("client", sharing={"deep": "not_yet"}),
            said("client", dream=("Only mine", "raise")),
            said("client", dream=("For Cy", "outside")),
        ):
            a_held_session(people.dyad, client=client, therapist=own)
        calibration.calibrate(["sleep/rest"], by=None)
    serve_again()
    assert Calibration.objects.filter(scale="sleep/rest").exists()
    return people.dyad


@pytest.fixture
def slept(given, file):
    return given


@pytest.fixture(params=CHANGES)
def changed(request, slept, file):
    file(CHANGES[request.param])
    assert bool(shelf().problems) == (request.param == "it is broken")
    return slept


def test_every_page_of_those_who_work_here_is_there(changed, ben, cy, ada, as_member):
    pages = [f"/people/{changed.uid}/{page}" for page in ("", "goals/", "terms/")]
    for session in changed.sessions.all():
        pages += [f"/sessions/{session.uid}/{page}" for page in ("talk/", "talk.pdf", "prepare/")]
    browser = as_member(ben)
    for address in ("/today/", "/people/", *pages):
        assert browser.get(address).status_code == 200, address
    assert "The sea" in browser.get(f"/people/{changed.uid}/").content.decode()
    outside = PrivateLine.objects.get(reader="outside")
    assert line(cy, outside.uid).words == "For Cy"


def test_every_page_of_the_client_is_there_with_all_that_was_kept(changed, ana):
    browser = inside(ana)
    for address in (f"{changed.uid}/", f"{changed.uid}/lines/", f"{changed.uid}/goals/"):
        assert browser.get(f"/mine/{address}").status_code == 200, address
    lines = browser.get(f"/mine/{changed.uid}/lines/").content.decode()
    assert "Only mine" in lines
    assert "For Cy" in lines
    for how in ("page", "zip"):
        assert browser.post("/mine/rights/copy/", {"code": code_for(browser, "copy"), "as": how}).status_code == 200
    text = json.dumps(as_fhir(ana))
    assert "Only mine" not in text
    assert "The sea" in text


def test_what_was_kept_can_still_be_shown_or_deleted(changed, ana):
    answer = PrivateLine.objects.filter(words="").earliest("id")
    private_lines.show(answer, by=ana)
    assert Response.objects.filter(instrument="sleep").latest("id").answers["deep"] == 3
    private_lines.show(PrivateLine.objects.get(words="Only mine"), by=ana)
    assert Comment.objects.filter(words="Only mine").exists()
    private_lines.delete(PrivateLine.objects.get(words="For Cy"), by=ana)
    assert not PrivateLine.objects.filter(words="For Cy").exists()


def test_what_was_kept_can_be_deleted_as_a_whole_where_the_questionnaire_is_here(slept, ana):
    private_lines.delete(PrivateLine.objects.get(item="deep"), by=ana)
    assert not PrivateLine.objects.filter(words="").exists()


@pytest.mark.parametrize("change", CHANGES)
def test_a_link_that_was_sent_before_takes_the_check_in(slept, file, change):
    phone = Phone(a_session(slept, state="held"))
    file(CHANGES[change])
    assert phone.open().status_code == 200
    assert phone.send(USUAL).status_code == 302
    assert phone.open().status_code == 200
    assert phone.send(USUAL | {"0-d1": "1"}).status_code == 302


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_sent_before_can_be_changed_after(slept, file, ana, change):
    session = a_session(slept, state="held")
    phone = Phone(session)
    assert phone.send({**USUAL, "1-deep": "3", "1-calm": "4", "1-dream": "A wood"}).status_code == 302
    file(CHANGES[change])
    assert phone.open().status_code == 200
    assert phone.send(USUAL).status_code == 302
    assert checkin.send(session, "therapist", answers("therapist"), by=slept.therapist)
    session.refresh_from_db()
    assert session.revealed_by == "both"
    assert session.responses.filter(instrument="sleep").earliest("id").answers["calm"] == 4
    assert Comment.objects.filter(session=session, words="A wood").exists()


def test_what_is_usual_is_learnt_of_what_is_still_here(changed):
    told = calibration.calibrate(calibration.followed(), by=None)
    assert len(told) == len(calibration.followed())
    assert reveal.sweep() == 0


def test_a_client_can_be_erased(changed, people):
    erase(people.ana, by=people.ada)
    assert not Response.objects.exists()


SECOND = diary(steps=3, version="2.0")


def test_beside_a_new_version_old_answers_are_read_by_their_own(slept, file):
    """Completely is not taken for something else because a later version has fewer answers."""
    file(SECOND, "sleep-2.toml")
    first = course_of(slept).scores["client", "sleep", "rest"]
    assert [one.value for one in first] == [100, 100, 100, 100]
    assert ratings("sleep", "rest")["client"][0].tolist() == [100, 100, 100, 100]
    a_held_session(slept, client=said("client", calm=1, deep=1), therapist=answers("therapist"))
    assert [one.value for one in course_of(slept).scores["client", "sleep", "rest"]] == [100, 100, 100, 100, 50]
    assert ratings("sleep", "rest")["client"][0].tolist() == [100, 100, 100, 100, 50]


def test_two_versions_whose_scale_is_not_the_same_make_no_common_course(slept, file):
    file(diary(steps=3, version="2.0", method="sum"), "sleep-2.toml")
    a_held_session(slept, client=said("client", calm=1, deep=1), therapist=answers("therapist"))
    series = course_of(slept).scores["client", "sleep", "rest"]
    assert [one and one.value for one in series] == [None, None, None, None, 1]


def test_a_scale_with_another_item_begins_anew(slept, file):
    file(diary(version="2.0").replace('items = ["calm"]', 'items = ["calm", "deep"]'), "sleep-2.toml")
    assert not shelf().problems
    assert ("client", "sleep", "rest") not in course_of(slept).scores


def test_a_copy_says_old_answers_in_their_own_words(slept, file, ana):
    file(SECOND, "sleep-2.toml")
    browser = inside(ana)
    page = browser.post("/mine/rights/copy/", {"code": code_for(browser, "copy"), "as": "page"}).content.decode()
    assert "Completely" in page
    assert "Completely" in json.dumps(as_fhir(ana))
    assert "Very" in browser.get(f"/mine/{slept.uid}/lines/").content.decode()


def test_the_check_in_of_a_practice_may_lose_its_strain(slept, file):
    """The therapist answers after it changed: what the client said before about a strain opens by its own version."""
    session = a_session(slept, state="held")
    checkin.send(session, "client", replace(answers("client", t1=2, t2=0, t3=("quiet",))), by=slept.client)
    file(diary(name=CHECK_IN, version="0.3"), "check-in.toml")
    assert not shelf().problems
    assert "t1" not in {item.id for item in shelf().instruments[CHECK_IN].items}
    part = a_part(CHECK_IN, "therapist", "full", {"calm": 3})
    checkin.send(session, "therapist", replace(answers("therapist"), parts=(part,)), by=slept.therapist)
    session.refresh_from_db()
    assert session.revealed_by == "both"
    (strain,) = slept.strains.all()
    assert (strain.kind, strain.state) == ("withdrawal", "settled")
    assert sheet(session).answers.felt
