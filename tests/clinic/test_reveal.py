"""Before the reveal nothing that a therapist can see depends on what the client said, or on whether anything was said."""

from accord_clinic.submission import AskedAgain
from dataclasses import replace

from tests.clinic.people import a_held_session, answers


def concern(dyad):
    """A strain that the client felt in an earlier, revealed session."""
    a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    return dyad.strains.get()


def answering_again(strain, talked, stands):
    return replace(answers("client"), again=(AskedAgain(strain.uid, talked, stands),))


def test_the_clients_word_on_an_earlier_concern_moves_it_only_at_the_reveal(people, dyad):
    strain = concern(dyad)
    session = a_held_session(dyad, client=answering_again(strain, True, "settled"))
    strain.refresh_from_db()
    assert strain.state == "opened"
    assert [m.move for m in strain.moves.order_by("id")] == ["open"]

    a_held_session  # the therapist's answer opens both
    from accord_clinic.actions import checkin

    checkin.send(session, "therapist", answers("therapist"), by=dyad.therapist)
    strain.refresh_from_db()
    assert strain.state == "settled"
    assert [m.move for m in strain.moves.order_by("id")] == ["open", "talk", "settle"]


def test_the_last_word_before_the_reveal_counts(people, dyad):
    from accord_clinic.actions import checkin

    strain = concern(dyad)
    session = a_held_session(dyad, client=answering_again(strain, True, "settled"))
    checkin.send(session, "client", answering_again(strain, False, "still_there"), by=dyad.client)
    checkin.send(session, "therapist", answers("therapist"), by=dyad.therapist)
    strain.refresh_from_db()
    assert strain.state == "still_there"
    checkin.send(session, "therapist", answers("therapist"), by=dyad.therapist) if False else None
