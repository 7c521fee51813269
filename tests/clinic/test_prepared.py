"""A prepared query gives what the same queryset gives, for any value, on the database that is asked."""

from tests.clinic.people import a_course, a_dyad, a_held_session, a_session, answers
from tests.clinic.phone import Phone

from accord_clinic import links
from accord_clinic.models import Invitation
from accord_clinic.queries import client


def test_rows_are_those_of_the_queryset(people, dyad):
    other = a_dyad(people.eve, "Zoe")
    for pair in (dyad, other):
        a_course(pair, 2)
        a_held_session(pair, client=answers("client", t1=2), therapist=answers("therapist", t1=1))
    for query, numbers in ((client.CONCERNS, (dyad.pk, other.pk, 0)), (client.SENT, (1, 2, 0))):
        for number in numbers:
            assert query.rows(number) == list(query.make(number))


def test_an_instance_comes_with_its_related_ones(dyad, django_assert_num_queries):
    phone = Phone(a_session(dyad, state="held"))
    with django_assert_num_queries(1):
        found = client.BY_TOKEN.first(links.digest(phone.token))
        names = (found.session.dyad.client.name, found.session.dyad.therapist.name, found.forms[0])
    slow = Invitation.objects.get(pk=found.pk)
    assert names == ("Ana", "Ben", slow.forms[0])
    assert (found.expires_at, found.session.start) == (slow.expires_at, slow.session.start)


def test_nothing_is_found_where_nothing_is(people):
    assert client.BY_TOKEN.first("nothing") is None
    assert client.BY_UID.first("no uid") is None
