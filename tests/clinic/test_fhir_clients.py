"""Clients that nobody here wrote read the FHIR API: Python's fhirclient, fhir-kit-client, smart-fetch; and each answer
is judged by Medplum's validator and HL7's schema. npm's fhirclient in a browser: tests/journeys.
"""

import gzip
import json
import shutil
import subprocess
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from django.db.models import F
from django.http import JsonResponse
from django.test import Client as Browser
from django.utils import timezone
from fhirclient import client as fhirclient
from fhirclient.models.goal import Goal
from fhirclient.models.measure import Measure
from fhirclient.models.measurereport import MeasureReport
from fhirclient.models.observation import Observation
from fhirclient.models.questionnaireresponse import QuestionnaireResponse
from tests.clinic.judged import ANSWERED, FOREIGN, SCHEMA, JudgedAnswers, by_medplum, inside
from tests.clinic.people import a_held_session, a_part, answers
from tests.clinic.program import BACK, KINDS, NUMBERS, Key, a_served, a_service, agree, an_app, for_numbers
from tests.clinic.test_service import a_closed

from accord.tables.fhir_search import PARAMETERS
from accord_clinic.actions import agreements
from accord_clinic.records.shared_record import fhir_id

SMART_FETCH = FOREIGN / ".venv" / "bin" / "smart-fetch"
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.same_on_postgresql(reason="what clients of others make of the answers depends on no database"),
]
with_node = pytest.mark.skipif(
    not ((FOREIGN / "node_modules" / "fhir-kit-client").is_dir() and shutil.which("node")),
    reason="clients of others are not here: `make fhir-of-others` fetches them (it needs node and npm)",
)


@pytest.fixture
def served(live_server, settings):
    """The address of the API, as programs know it."""
    settings.PUBLIC_URL = live_server.url
    return f"{live_server.url}/fhir/r4"


@pytest.fixture
def course(people):
    """Two sessions with a PHQ-9, long over; a goal and a task that both have confirmed."""
    ana, ben, dyad = people.ana, people.ben, people.dyad
    phq = (a_part("phq-9", "client", "full", {f"phq{number}": 1 for number in range(1, 10)}),)
    for _time in range(2):
        a_held_session(dyad, client=answers("client", parts=phq, words="Slower"), therapist=answers("therapist"))
    dyad.sessions.filter(start__lt=timezone.now() - timedelta(days=10)).update(
        reveal_due=F("start") + timedelta(hours=96)
    )
    goal = agreements.propose(dyad, "goal", "Sleep through", "client", by=ana)
    task = agreements.propose(dyad, "task", "Shoes by the door", "therapist", by=ben, goal=goal)
    for row in (goal, task):
        for side, by in (("client", ana), ("therapist", ben)):
            agreements.seal(row, side, seen=row.wordings.get().pk, by=by)
    return dyad


@pytest.fixture
def service(people, course):
    key = Key()
    recipient = a_service(people.ada, key, asks_answers=True)
    agree(people.ana, recipient, answers=True)
    return recipient, key


@pytest.fixture
def office(people):
    """Two months are published, and a data office may read them."""
    for month in (date(2026, 3, 1), date(2026, 4, 1)):
        a_closed(month, held=150, client=120, therapist=130, rule=2)
    key = Key()
    return for_numbers(people.ada, key, people.mo), key


def test_pythons_fhirclient_is_launched_and_reads(served, people, course, as_member):
    """EHR launch: from Ana's page to the app, to the authorization page, and back with a code."""
    app = an_app(people.ada, asks_answers=True, launch_url="https://app.example.org/launch")
    agree(people.ana, app, answers=True)
    bens = as_member(people.ben)
    sent = bens.post(f"/people/{course.uid}/programs/", {"program": app.uid})["Location"]
    launch = dict(part.split("=") for part in urlsplit(sent).query.split("&"))["launch"]
    smart = fhirclient.FHIRClient(
        settings={
            "app_id": app.application.client_id, "api_base": served, "redirect_uri": BACK, "scope": "patient/*.read",
            "launch_token": launch.replace("%3D", "="),
        }
    )  # fmt: skip
    asked = urlsplit(smart.authorize_url)
    back = bens.post(f"{asked.path}?{asked.query}", {"allow": "yes", "client": people.ana.uid})
    smart.handle_callback(back["Location"])
    assert smart.patient.name[0].text == "Ana"
    about = {"patient": smart.patient_id}
    totals = Observation.where(about | {"code": "http://loinc.org|44261-6"}).perform_resources(smart.server)
    assert [total.valueQuantity.value for total in totals] == [9, 9]
    (goal,) = Goal.where(about).perform_resources(smart.server)
    assert goal.description.text == "Sleep through"
    assert len(QuestionnaireResponse.where(about).perform_resources(smart.server)) == 2


@with_node
def test_fhir_kit_client_reads_page_by_page(served, service, people):
    token = a_served(*service).token
    got = _by_the_kit(served, token, fhir_id(people.ana.uid), *KINDS)
    counts = {kind: len(set(ids)) for kind, ids in got["read"].items()}
    assert counts.pop("Questionnaire") > 5
    assert counts == {
        "Patient": 1, "QuestionnaireResponse": 2, "Observation": 8, "Goal": 1, "CarePlan": 1, "Encounter": 2,
    }  # fmt: skip
    assert got["token"].endswith("/fhir/token/")
    assert got["authorize"].endswith("/fhir/authorize/")


def _by_the_kit(served, token, *arguments):
    command = ["node", "kit.mjs", served, token, *arguments]
    done = subprocess.run(command, cwd=FOREIGN, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@with_node
def test_it_reads_the_numbers_of_the_practice_as_well(served, office):
    got = _by_the_kit(served, a_served(*office).token, "", *NUMBERS)
    assert {kind: len(set(ids)) for kind, ids in got["read"].items()} == {"Measure": 2, "MeasureReport": 2}


def _pem(key, folder):
    """The key in a file, as programs of others want it."""
    (folder / "key.pem").write_bytes(
        key.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "key.pem"


with_smart_fetch = pytest.mark.skipif(
    not SMART_FETCH.exists(), reason="smart-fetch is not here: `make fhir-of-others` fetches it"
)


@with_smart_fetch
def test_smart_fetch_proves_itself_by_its_key_and_crawls(served, service, people, tmp_path):
    recipient, key = service
    command = [
        SMART_FETCH, "crawl", tmp_path / "out", "--fhir-url", served, "--smart-client-id",
        recipient.application.client_id, "--smart-key", _pem(key, tmp_path), "--id-list", fhir_id(people.ana.uid),
        "--type", "Patient,Observation,Encounter", "--no-default-filters",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = {}
    for path in (tmp_path / "out").rglob("*.ndjson.gz"):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            kind = json.loads(line)["resourceType"]
            counts[kind] = counts.get(kind, 0) + 1
    assert counts == {"Patient": 1, "Observation": 8, "Encounter": 2}


@with_smart_fetch
def test_its_library_reads_the_numbers_by_its_key_and_it_does_not_know_them_itself(served, office, tmp_path):
    """Each number is there, and Python's fhirclient finds nothing wrong with how it is written."""
    recipient, key = office
    command = [
        SMART_FETCH.with_name("python"), FOREIGN / "measures.py", served, recipient.application.client_id,
        _pem(key, tmp_path),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    got = json.loads(done.stdout)
    assert [Measure(resource).url.rpartition("/")[2] for resource in got["Measure"]] == ["sessions", "endings"]
    reports = [MeasureReport(resource) for resource in got["MeasureReport"]]
    assert [str(report.period.end.date)[:10] for report in reports] == ["2026-03-31", "2026-04-30"]
    assert [population.count for population in reports[0].group[0].population] == [150, 120]
    asked = [SMART_FETCH, "crawl", tmp_path / "out", "--fhir-url", served, "--type", "MeasureReport"]
    refused = subprocess.run(asked, capture_output=True, text=True, timeout=300)
    assert refused.returncode, "smart-fetch knows MeasureReport now: let it read, and say so in docs/reference/fhir.md"
    assert "Unknown resource type provided: MeasureReport" in refused.stdout


@with_node
def test_every_answer_is_what_r4_says(served, service, office, people):
    """Medplum's validator, with its warnings as errors, and HL7's JSON schema: by both yeses, by the first alone and by
    a manager's, on pages, by number, by id, and whatever is refused.
    """
    about, first = fhir_id(people.ana.uid), Key()
    totals = a_service(people.ada, first)
    agree(people.ana, totals)
    asked = {kind: {} if kind in ("Patient", "Questionnaire") else {"patient": about} for kind in KINDS}
    program, narrow = a_served(*service), a_served(totals, first, "system/Goal.s")
    who_asks = [(a_served(*office), dict.fromkeys(NUMBERS, {})), (a_served(totals, first), asked), (program, asked)]
    answered = [
        each.get(kind, **parameters, **more)
        for each, of_it in who_asks for kind, parameters in of_it.items()
        for more in ({}, {"_count": "1"}, {"_count": "0"})
    ]  # fmt: skip
    resources = [resource for bundle in answered for resource in inside(bundle)]
    answered += [program.get(f"{row['resourceType']}/{row['id']}") for row in resources[-3:]]
    answered += [who_asks[0][0].get(f"{row['resourceType']}/{row['id']}") for row in resources[:3]]
    answered += [Browser().get(f"/fhir/r4/{path}").json() for path in ("metadata", "Goal", "$export")]
    answered.append(Browser().post("/fhir/r4/Goal", "{}", "application/json").json())
    refused = (
        ("Goal", {}), ("Goal/no", {}), ("Media", {}), ("A\x0b\u2028", {}), ("Goal", {"_include": "x"}),
        ("Goal", {"_format": "xml"}),
    )  # fmt: skip
    answered += [program.get(path, **parameters) for path, parameters in refused] + [narrow.get("Encounter")]
    written = [json.dumps(answer, sort_keys=True) for answer in (*answered, *resources)]
    assert set(written) <= ANSWERED, "judged by the schema, and still to be judged by Medplum"
    assert by_medplum(written) == []


@with_node
def test_each_search_parameter_is_one_of_hl7s_and_of_its_type_and_the_statement_names_it():
    bundle = json.loads(SCHEMA.with_name("search-parameters.json").read_text(encoding="utf-8"))
    defined = {entry["resource"]["url"]: entry["resource"] for entry in bundle["entry"]}
    for kind, parameters in PARAMETERS.items():
        for name, (sort, _place, address) in parameters.items():
            definition = defined[address]
            assert (definition["code"], definition["type"]) == (name, sort), f"{kind} by {name}"
            assert {kind, "Resource"} & set(definition["base"]), f"{kind} by {name}"
    served = Browser().get("/fhir/r4/metadata").json()["rest"][0]["resource"]
    assert {one["type"]: [by["name"] for by in one["searchParam"]] for one in served} == {
        kind: list(parameters) for kind, parameters in PARAMETERS.items()
    }


@with_node
def test_the_judges_find_what_is_wrong(rf):
    wrong = {"resourceType": "Patient", "name": "Ana"}
    assert by_medplum([json.dumps(wrong)]) != []
    for answer in (JsonResponse(wrong, content_type="application/fhir+json"), JsonResponse({})):
        with pytest.raises(AssertionError, match="GET /fhir/r4/Patient 200"):
            JudgedAnswers(lambda _request, answer=answer: answer)(rf.get("/fhir/r4/Patient"))
