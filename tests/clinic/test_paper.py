"""Without a phone: a form for a pen is printed with a code, and typed in by somebody who does not treat the client."""

import json
import re

import pytest
from tests.clinic.people import CHECK_IN, a_session, answers
from tests.clinic.phone import hidden, text

from accord_clinic.actions import checkin, paper
from accord_clinic.exports import pdf
from accord_clinic.models import AuditEntry, Invitation, Member, Response
from accord_clinic.pages.dyad import dyad_page

TICKED = {"0-t1": "1", "0-t2": "1", "0-d1": "3", "0-b4": "2", "0-o2": "Less homework"}


@pytest.fixture
def session(dyad):
    return a_session(dyad, state="held")


def printed(session, as_member, ben, client_language="en"):
    """The pages of a form as pictures, the words on it, and its code."""
    session.dyad.client.language = client_language
    session.dyad.client.save()
    printed_texts = []

    def keep(layout, texts):
        printed_texts.append(texts)
        return compiled(layout, texts)

    compiled = pdf._compiled
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "_compiled", keep)
        answer = as_member(ben).post(f"/sessions/{session.uid}/link/", {"paper": ""})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF")
    [texts] = printed_texts
    made = pdf._compiler("paper").compile(format="png", ppi=100, sys_inputs={"sheet": json.dumps(texts)})
    return made if isinstance(made, list) else [made], str(texts), texts["code"]


def typed(browser, code, fields=TICKED):
    page = browser.post("/paper/", {"code": code})
    return browser.post("/paper/", {"code": code, "key": hidden(page, "key"), **fields}, follow=True)


class TestTheForm:
    @pytest.mark.parametrize(("language", "asked"), [("en", "Did anything feel off"), ("de", "Hat sich in")])
    @pytest.mark.parametrize("form", ["full", "minimum"])
    def test_is_one_page_in_the_clients_language_with_a_code_and_no_name(
        self, session, as_member, ben, language, asked, form
    ):
        session.dyad.form = form
        session.dyad.save()
        pages, words, code = printed(session, as_member, ben, language)
        assert len(pages) == 1
        assert asked in words
        assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", code)
        assert "Ana" not in words

    def test_says_who_types_it_in_who_reads_it_and_whom_to_call(self, session, as_member, ben):
        page = printed(session, as_member, ben)[1]
        assert "Somebody here who does not treat you enters your answers and sees them." in page
        assert "Nobody reads them before that." in page
        assert "Leave blank what you want to keep to yourself." in page
        assert "116 123" in page

    def test_has_a_part_to_seal_where_somebody_else_is_named(self, session, as_member, ben, people):
        assert "Only Cy opens this part. Ben does not" in printed(session, as_member, ben)[1]
        people.practice.outside_reader = None
        people.practice.save()
        assert "opens this part" not in printed(session, as_member, ben)[1]

    def test_its_code_opens_no_link(self, session, as_member, ben, client):
        code = printed(session, as_member, ben)[2]
        for address in (code, code.replace("-", "")):
            assert client.get(f"/c/{address}").status_code == 404


class TestTypingIn:
    @pytest.fixture
    def code(self, session, as_member, ben):
        return printed(session, as_member, ben)[2]

    def test_stores_what_is_ticked_as_the_clients_answers_marked_as_paper(self, session, as_member, code, people):
        page = typed(as_member(people.mo), code.lower())
        assert "The answers are saved." in text(page)
        stored = Response.objects.get(session=session, instrument=CHECK_IN)
        assert stored.answers == {"t1": 1, "t2": 1, "d1": 3, "b4": 2}
        assert (stored.side, stored.context["page"]) == ("client", "paper")
        assert AuditEntry.objects.get(act="type_in").actor == f"member:{people.mo.pk}"

    def test_shows_nobodys_name_but_the_therapists(self, as_member, code, people):
        page = text(as_member(people.mo).post("/paper/", {"code": code}))
        assert "Did anything feel off between you two" in page
        assert "What was it like?" not in page
        assert "Ana" not in page

    def test_is_refused_to_whoever_treats_the_client_before_and_after_it_was_typed_in(self, as_member, code, people):
        seen = []
        for _round in ("before", "after"):
            page = as_member(people.ben).post("/paper/", {"code": code})
            seen.append((page.status_code, re.sub(r'name="csrf\w+" value="\w+"', "", page.content.decode())))
            typed(as_member(people.mo), code)
        assert seen[0] == seen[1]
        assert seen[0][0] == 403
        assert "Somebody who does not treat this client has to enter this form." in seen[0][1]

    def test_in_a_practice_of_one_waits_for_the_own_rating(self, session, as_member, code, ben):
        Member.objects.exclude(pk=ben.pk).update(is_active=False)
        assert as_member(ben).post("/paper/", {"code": code}).status_code == 403
        checkin.send(session, "therapist", answers("therapist"), by=ben)
        assert "The answers are saved." in text(typed(as_member(ben), code))

    def test_an_unknown_or_closed_code_gets_one_sentence(self, session, as_member, code, people):
        checkin.revoke(session, by=people.ben)
        pages = [as_member(people.mo).post("/paper/", {"code": each}) for each in (code, "AAAA-AAAA")]
        assert all("No form has this code, or the code has expired." in text(page) for page in pages)
        assert [page.status_code for page in pages] == [422, 422]

    def test_the_therapist_learns_nothing_of_it_before_the_reveal(self, session, as_member, code, people):
        before = dyad_page(people.ben, session.dyad)
        typed(as_member(people.mo), code)
        assert dyad_page(people.ben, session.dyad) == before

    def test_twice_is_stored_once(self, session, as_member, code, people):
        browser = as_member(people.mo)
        key = hidden(browser.post("/paper/", {"code": code}), "key")
        for _ in range(2):
            browser.post("/paper/", {"code": code, "key": key, **TICKED})
        assert Response.objects.filter(session=session).count() == 1

    def test_a_forged_field_is_refused_and_the_rest_stays(self, as_member, code, people):
        page = typed(as_member(people.mo), code, {**TICKED, "0-zz": "1"})
        assert page.status_code == 422
        assert "Less homework" in page.content.decode()
        assert not Response.objects.exists()


def test_a_form_lives_four_weeks(session, ben):
    row, _code = paper.make_form(session, by=ben)
    assert (row.expires_at - row.made_at).days in (27, 28)
    assert Invitation.objects.count() == 1
