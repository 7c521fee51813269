"""A prepared query gives what the same queryset gives, for any value, on the database that is asked."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from tests.clinic.people import a_course, a_dyad, a_held_session, a_session, answers
from tests.clinic.phone import Phone

from accord_clinic import links
from accord_clinic.accounts import signed_in
from accord_clinic.actions import audit, checkin, reveal, signals, strains
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Invitation
from accord_clinic.queries import caseload, courses, findings, today
from accord_clinic.queries import checkin as checkin_queries
from accord_clinic.queries import dyad as dyads
from accord_clinic.queries import sessions as session_queries
from accord_clinic.queries import strains as strain_queries
from accord_clinic.rules import consent, key_holders

PREPARED = {
    f"{module.__name__}.{name}": thing
    for module in (
        audit,
        checkin,
        checkin_queries,
        consent,
        courses,
        dyads,
        findings,
        key_holders,
        session_queries,
        signed_in,
        strain_queries,
        reveal,
        signals,
        strains,
    )
    for name, thing in vars(module).items()
    if isinstance(thing, Prepared) and thing.places == (-271828182,)
}


def test_a_list_of_any_length_gives_what_its_queryset_gives(people, dyad, django_assert_num_queries):
    a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist", t1=1))
    for many in (strain_queries.OPEN, findings.SHOWN):
        for ids in ([], [dyad.pk], [dyad.pk, -1], [*range(-70, 0), dyad.pk]):
            assert many.rows(ids) == list(many.prepared.make(*ids)), ids
    with django_assert_num_queries(1):
        strain_queries.OPEN.rows(list(range(64)))


def test_every_prepared_query_gives_what_its_queryset_gives(people, dyad):
    other = a_dyad(people.eve, "Zoe")
    for pair in (dyad, other):
        a_course(pair, 2)
        a_held_session(pair, client=answers("client", t1=2, words="So"), therapist=answers("therapist", t1=1))
    with transaction.atomic():  # one of them locks
        for name, query in PREPARED.items():
            for number in (dyad.pk, other.pk, 1, 2, 0):
                as_ever = list(query.make(number))
                instances = as_ever and isinstance(as_ever[0], Model)
                assert (query.all(number) if instances else query.rows(number)) == as_ever, name


def test_a_query_for_a_therapist_and_a_time_gives_what_its_queryset_gives(people, dyad, ben):
    a_course(dyad, 2)
    a_session(dyad)
    now = timezone.now()
    for since, until in ((now - timedelta(days=90), now + timedelta(days=90)), (now - timedelta(hours=1), now)):
        for member in (ben, people.eve):
            as_ever = list(today.OWN.make(member.pk, since, until))
            assert today.OWN.rows(member.pk, since, until) == as_ever
            assert caseload.OWN.rows(member.pk, since) == list(caseload.OWN.make(member.pk, since))
    assert len(today.OWN.rows(ben.pk, now - timedelta(days=90), now + timedelta(days=90))) == 3


def test_a_row_has_the_names_of_its_columns_and_an_instance_its_annotations(people, dyad):
    phone = Phone(a_session(dyad, state="held"))
    a_course(dyad, 1)
    (first, *_rest) = courses.ANSWERS.rows(dyad.pk)
    assert (first.side, first.instrument) == ("client", "accord-check-in")
    made = Invitation.objects.get(token_hash=links.digest(phone.token)).made_at
    assert [s.linked_at for s in dyads.SESSIONS.all(dyad.pk)] == [made, None]


def test_an_instance_comes_with_its_related_ones(dyad, django_assert_num_queries):
    phone = Phone(a_session(dyad, state="held"))
    with django_assert_num_queries(1):
        found = checkin_queries.BY_TOKEN.first(links.digest(phone.token))
        names = (found.session.dyad.client.name, found.session.dyad.therapist.name, found.forms[0])
    slow = Invitation.objects.get(pk=found.pk)
    assert names == ("Ana", "Ben", slow.forms[0])
    assert (found.expires_at, found.session.start) == (slow.expires_at, slow.session.start)


def test_nothing_is_found_where_nothing_is(people):
    assert checkin_queries.BY_TOKEN.first("nothing") is None
    assert checkin_queries.BY_UID.first("no uid") is None


def test_a_session_of_a_browser_is_there_until_it_ends(ben, as_member):
    key, now = as_member(ben).session.session_key, timezone.now()
    for moment in (now, now + timedelta(days=1)):
        for other in (key, "x" * 32, ""):
            assert signed_in.OPEN.all(other, moment) == list(signed_in.OPEN.make(other, moment))
    assert signed_in.OPEN.first(key, now).get_decoded()["_auth_user_id"] == str(ben.pk)
