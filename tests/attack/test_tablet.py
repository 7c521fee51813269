"""A client alone with a tablet that was handed over, trying what a curious person would."""

import pytest
from django.urls import reverse
from tests.clinic.people import a_course, a_held_session
from tests.clinic.phone import past_the_first_time
from tests.clinic.test_handed_over import tablet  # noqa: F401


class TestATabletThatWasHandedOver:
    PAGES = [
        "/account/password/change/", "/account/2fa/", "/account/2fa/totp/activate/", "/account/2fa/totp/deactivate/",
        "/account/2fa/recovery-codes/", "/account/2fa/recovery-codes/download/", "/account/sessions/", "/practice/",
        "/account/2fa/recovery-codes/generate/", "/account/2fa/webauthn/", "/account/2fa/webauthn/add/", "/learn/",
        "/c/../today/", "/check-in/../people/", "/away/../today/", "//today/", "/C/", "/today/?in=de",
    ]  # fmt: skip

    @pytest.fixture
    def session(self, dyad):
        a_course(dyad, 1)
        session = a_held_session(dyad)
        past_the_first_time(session)
        return session

    def test_no_page_names_a_client(self, tablet, people):  # noqa: F811
        people.ana.name = "Kolibri"
        people.ana.save()
        told = [page for page in self.PAGES if "Kolibri" in tablet.get(page).content.decode(errors="replace")]
        assert told == []

    def test_no_form_changes_how_the_member_signs_in(self, tablet, people):  # noqa: F811
        before = people.ben.password, list(people.ben.authenticator_set.values_list("pk", flat=True))
        new = {"oldpassword": "", "password1": "a whole new password", "password2": "a whole new password"}
        for page in self.PAGES:
            tablet.post(page, new | {"code": "000000", "name": "mine", "credential": "{}"})
        people.ben.refresh_from_db()
        assert (people.ben.password, list(people.ben.authenticator_set.values_list("pk", flat=True))) == before

    def test_nothing_of_the_course_is_written(self, tablet, dyad):  # noqa: F811
        for name, form in (("put_aside", {"mark": "x"}), ("pause", {"what": "ill"}), ("plan_session", {})):
            answer = tablet.post(reverse(name, args=[dyad.uid]), form)
            assert "/account/2fa/" in answer["Location"], name
