"""LHC-Forms, the form program of the US National Library of Medicine, shows our questionnaires and our answers."""

from pathlib import Path

import pytest
from tests.accord.fhir_given import possible_answer

from accord.instruments import catalogue
from accord.records import Response
from accord.tables import fhir
from accord.tables.fhir_questionnaire import questionnaires

FORMS = Path(__file__).parents[1] / "fhir" / "node_modules" / "lforms" / "dist" / "lforms"
SITE = "http://forms.example/"
PAGE = """<!doctype html><meta charset="utf-8"><div id="form"></div>
<script src="/webcomponent/assets/lib/zone.min.js"></script>
<script src="/webcomponent/lhc-forms.js"></script>
<script src="/fhir/R4/lformsFHIR.min.js"></script>"""
SHOW = """async ([questionnaire, response]) => {
  const place = document.getElementById("form");
  place.innerHTML = "";
  const form = LForms.Util.convertFHIRQuestionnaireToLForms(questionnaire, "R4");
  await LForms.Util.addFormToPage(LForms.Util.mergeFHIRDataIntoLForms(response, form, "R4"), place);
  return [LForms.Util.getFormFHIRData("QuestionnaireResponse", "R4", place), place.innerText];
}"""
NAMES = {"client": "Ana", "therapist": "Ben", "session": "the session on Tuesday"}


@pytest.fixture(scope="module")
def forms(browser):
    if not FORMS.is_dir():
        pytest.skip("LHC-Forms is not here: `make fhir-of-others` fetches it (it needs node and npm)")
    page = browser.new_page()
    page.route(f"{SITE}**", _serve)
    page.goto(SITE)
    page.wait_for_function("() => !!(window.LForms?.Util && window.LForms.FHIR?.R4)")
    yield page
    page.close()


def _serve(route):
    path = FORMS / route.request.url.removeprefix(SITE)
    if route.request.url == SITE:
        route.fulfill(body=PAGE, content_type="text/html")
    elif path.is_file():
        route.fulfill(path=path)
    else:
        route.fulfill(status=404)


@pytest.mark.parametrize("identity", sorted(catalogue().instruments))
def test_each_form_is_shown_and_each_answer_comes_back(forms, identity):
    instrument = catalogue().get(identity)
    for questionnaire in questionnaires(instrument):
        form, rater, language = questionnaire["url"].split(".")[-3:]
        for nth in range(3):
            answers = {item.id: possible_answer(instrument, item, nth) for item in instrument.asked(form, rater)}
            response = fhir.questionnaire_response(
                Response(1, rater, instrument.id, instrument.version, form, answers),
                instrument, instrument.wordings[language], names=NAMES, words={},
                patient="Patient/1", source="Patient/1", about="Encounter/1", authored=None,
            )  # fmt: skip
            back, shown = forms.evaluate(SHOW, [questionnaire, response])
            assert questionnaire["item"][0]["text"] in shown
            assert _given(back) == _given(response)


def _given(response):
    """The answers by their items, without what LHC-Forms leaves to the questionnaire: the numbers of the choices."""
    return {item["linkId"]: [_plain(answer) for answer in item["answer"]] for item in response.get("item", ())}


def _plain(answer):
    coding = answer.get("valueCoding")
    return {key: coding[key] for key in ("system", "code", "display")} if coding else answer
