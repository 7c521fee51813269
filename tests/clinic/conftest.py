"""Everybody in the clinic's tests, one fixture each, and a browser for whoever signs in."""

import pickle
import time
from pathlib import Path

import numpy as np
import pytest
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.conf import settings
from django.db import connection, transaction
from django.test import Client as Browser
from tests.clinic import judged, migrated
from tests.clinic.people import People, a_practice

from accord.stats import thresholds
from accord_clinic.database import keys
from accord_clinic.rules import practice

ASKING = {"db", "transactional_db", "django_db_setup"}
"""Fixtures of tests that ask the database in which the suite runs."""


def pytest_collection_modifyitems(config, items):
    """On PostgreSQL, leave out what is the same there: with the embedded database it has run already.

    That is what asks no database or one of its own, and what is marked `same_on_postgresql`, with the reason.
    """
    for item in items:
        for mark in item.iter_markers("same_on_postgresql"):
            if not mark.kwargs.get("reason"):
                raise pytest.UsageError(f"{item.nodeid}: same_on_postgresql needs a reason.")
    if "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        return

    def asks(one) -> bool:
        if any(map(one.get_closest_marker, ("same_on_postgresql", "cluster"))):
            return False
        return bool(ASKING & set(one.fixturenames)) or any(map(one.get_closest_marker, ("django_db", "skipif")))

    kept = [one for one in items if asks(one)] or items  # who names one other test wants it run
    config.hook.pytest_deselected(items=[one for one in items if one not in set(kept)])
    items[:] = kept


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings) -> bool:
    """Begin with a copy of a migrated database, so that nothing is left to be made."""
    if connection.vendor != "sqlite":
        return False
    file, options = Path(connection.settings_dict["TEST"]["NAME"]), connection.settings_dict["OPTIONS"]
    if not file.exists():  # other folders take this fixture over, and the same process asks it for each of them
        migrated.copy_file(file, keys.database_key(options["key_file"]))
    return True


@pytest.fixture(autouse=True, scope="session")
def ready_calibrations():
    """The same ratings give the same calibration each time, so a process simulates each once."""
    simulate, ready = thresholds.calibrate, {}

    def calibrate(scores, *rest, **options):
        named = ((name, _as_key(options[name])) for name in sorted(options))
        key = repr([_as_key(scores), *map(_as_key, rest), *named])
        if key not in ready:
            ready[key] = simulate(scores, *rest, **options)
        return ready[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thresholds, "calibrate", calibrate)
        yield


@pytest.fixture(autouse=True, scope="session")
def answers_are_fhir():
    """Medplum's validator reads every answer of the FHIR API to this process, all at once, since it starts slowly."""
    yield
    if judged.ANSWERED and connection.vendor == "sqlite":
        assert judged.by_medplum(judged.ANSWERED) == []


def _as_key(value) -> object:
    return (value.shape, value.dtype, value.tobytes()) if isinstance(value, np.ndarray) else value


@pytest.fixture(scope="module")
def begun(request, django_db_setup, django_db_blocker):
    """The practice and what `begin(people)` of a test file gives, made once for the file; nothing where it has none.

    Each test has it as it was, whatever others did: their changes are undone, and these are copies. So `begin` gives
    what can be pickled, and a file whose tests commit (`transaction=True`) cannot have one.
    """
    begin = getattr(request.module, "begin", None)
    if begin is None:
        yield None
        return
    with django_db_blocker.unblock(), transaction.atomic():
        people = a_practice()
        yield pickle.dumps((people, begin(people)))
        transaction.set_rollback(True)


@pytest.fixture
def as_begun(begun, db) -> tuple[People, object]:
    practice.forget()
    return pickle.loads(begun) if begun else (a_practice(), None)


@pytest.fixture
def given(as_begun):
    """What `begin` of this test file gave."""
    return as_begun[1]


@pytest.fixture
def people(as_begun) -> People:
    """A practice with Ana, Ben, Cy, Dee, Eve, Mo and Ada."""
    return as_begun[0]


@pytest.fixture
def ana(people):
    """The client."""
    return people.ana


@pytest.fixture
def ben(people):
    """Ana's therapist."""
    return people.ben


@pytest.fixture
def cy(people):
    """Ben's supervisor, the practice's safety contact and outside reader."""
    return people.cy


@pytest.fixture
def dee(people):
    """The researcher."""
    return people.dee


@pytest.fixture
def eve(people):
    """A therapist who has no business with Ana."""
    return people.eve


@pytest.fixture
def mo(people):
    """The manager."""
    return people.mo


@pytest.fixture
def ada(people):
    """The admin."""
    return people.ada


@pytest.fixture
def dyad(people):
    """Ana's course of care with Ben."""
    return people.dyad


@pytest.fixture
def as_member():
    """A browser in which this member is signed in, with a second factor: `as_member(ben).get("/")`."""

    def sign_in(member) -> Browser:
        browser = Browser()
        browser.force_login(member)
        session = browser.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "type": "totp", "at": time.time()}]
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(member.pk)
        session["began"] = session["seen"] = time.time()
        session.save()
        return browser

    return sign_in
