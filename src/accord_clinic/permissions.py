"""Who may do what: `check_x` raises a sentence, `can(check_x, ...)` answers yes or no. A new rule is one `check_x`.

Rows that a member may see come from one scoped queryset, `dyads_visible_to`; what is not in it does not exist for them.
"""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accord_clinic.models import (
    BreakGlass,
    Client,
    Cover,
    Dyad,
    Member,
    PrivateLine,
    Reaction,
    Session,
    Share,
    Study,
    StudyFile,
)


def can(check: Callable[..., None], member: Member | Client | None, *things: object) -> bool:
    """Whether a rule lets this person do something, for pages that show a button only where it works."""
    try:
        check(member, *things)
    except PermissionDenied:
        return False
    return True


def dyads_visible_to(member: Member) -> QuerySet[Dyad]:
    """Own dyads, those covered for a colleague or shared with this supervisor now, and one opened in an emergency.

    Of a course that a successor took over, the client decides, for as long as the new one goes on.

    Whoever has asked for erasure is on no daily page any more; what is kept of them opens in an emergency alone.
    """
    rows = treated_by(member) if member.is_a("therapist") else Q(pk__in=())
    if member.is_a("therapist"):
        rows |= Q(pk__in=taken_over_by(member).filter(shows_earlier="course").values("follows"))
    if member.is_a("supervisor"):
        rows |= Q(pk__in=shares_with(member).values("dyad"))
    rows &= Q(client__locked_at=None)
    if member.is_a("admin"):
        rows |= Q(pk__in=BreakGlass.objects.filter(member=member, until__gt=timezone.now()).values("dyad"))
    return Dyad.objects.filter(rows, client__erased_at=None)


def treated_by(member: Member, dyad: str = "") -> Q:
    """Rows whose dyad this therapist works in now, as its own therapist or as cover. `dyad`: the way there, `"dyad__"`.

    The few covered ones are read first: with a subquery, databases no longer use the index on the therapist.
    """
    covered = list(covered_by(member).values_list("dyad", flat=True))
    own = Q(**{f"{dyad}therapist": member})
    return own | Q(**{f"{dyad}pk__in": covered}) if covered else own


def taken_over_by(member: Member) -> QuerySet[Dyad]:
    """The running courses of this therapist that another one's course came before."""
    return Dyad.objects.filter(therapist=member, ended=None).exclude(follows=None)


def covered_by(member: Member) -> QuerySet[Cover]:
    """Where this member stands in for a colleague at this moment."""
    now = timezone.now()
    return Cover.objects.filter(member=member, since__lte=now, until__gt=now)


def shares_with(member: Member) -> QuerySet[Share]:
    """The shares that let this member see a dyad at this moment."""
    return Share.objects.filter(member=member).standing()


def check_treat(member: Member, dyad: Dyad) -> None:
    """Rate, talk, seal, move strains: the dyad's own therapist, and whoever covers now."""
    if not member.is_a("therapist"):
        raise PermissionDenied(_("This is for therapists."))
    if dyad.therapist_id != member.pk and not covered_by(member).filter(dyad=dyad).exists():
        raise PermissionDenied(_("Only this client's therapist can do this."))


def check_type_in_at_all(member: Member) -> None:
    """Have the page on which paper forms are typed in: all but a researcher alone, and who is from outside."""
    if not member.is_active or set(member.roles) <= {"researcher"} or member.is_a("outside"):
        raise PermissionDenied(_("Only a therapist here can enter this form."))


def check_type_in(member: Member, session: Session) -> None:
    """Type in a paper form: whoever works with people here and does not treat this client.

    In a practice of one, the therapist: after the own rating or its waiver, when the answers may be seen anyway.
    """
    dyad = session.dyad
    check_type_in_at_all(member)
    if not can(check_treat, member, dyad):
        return
    alone = not Member.objects.filter(is_active=True).exclude(pk=member.pk).exists()
    rated = session.responses.filter(side="therapist").exists() or session.revealed_at is not None
    if not (alone and rated):
        raise PermissionDenied(_("Somebody who does not treat this client has to enter this form."))


def check_see_dyad(member: Member, dyad: Dyad) -> None:
    """See the revealed course of a dyad."""
    if not dyads_visible_to(member).filter(pk=dyad.pk).exists():
        raise PermissionDenied(_("This client is not shared with you."))


def check_own(member: Member, dyad: Dyad) -> None:
    """Share, cover, hand over, end, set terms: the dyad's own therapist alone, never the cover."""
    if not (member.is_a("therapist") and dyad.therapist_id == member.pk):
        raise PermissionDenied(_("Only this client's therapist can do this."))


def check_share(member: Member, dyad: Dyad, supervisor: Member) -> None:
    """Share a dyad: its therapist's own act, and only with a supervisor."""
    check_own(member, dyad)
    if not supervisor.is_a("supervisor"):
        raise PermissionDenied(_("A client can be shared only with a supervisor."))


def check_see_service(member: Member) -> None:
    """See the service in numbers."""
    if not member.is_a("manager"):
        raise PermissionDenied(_("The service figures are for the manager."))


def check_study(member: Member) -> None:
    """Ask for studies, make study files of clients who agreed, and take what was released."""
    if not member.is_a("researcher"):
        raise PermissionDenied(_("Study files are for researchers."))


def check_answer_study(member: Member, study: Study) -> None:
    """Approve a study or refuse it: an admin who did not ask for it."""
    if not member.is_a("admin") or study.asked_by_id == member.pk:
        raise PermissionDenied(_("Another admin has to answer this."))


def check_release(member: Member, file: StudyFile) -> None:
    """Look at what was made for research and release it, or not: an admin who did not make it."""
    if not member.is_a("admin") or file.made_by_id == member.pk:
        raise PermissionDenied(_("Another admin has to release this."))


def check_supervise(member: Member) -> None:
    """See what therapists share."""
    if not member.is_a("supervisor"):
        raise PermissionDenied(_("This page is for supervisors."))


def check_own_note(member: Member, note: Reaction) -> None:
    """Take a note to supervision: only whoever wrote it, while treating that client."""
    check_treat(member, note.session.dyad)
    if note.by_id != member.pk:
        raise PermissionDenied(_("Only the person who wrote a note can take it to supervision."))


def check_work_as_therapist(member: Member) -> None:
    """Have a Today and a caseload."""
    if not member.is_a("therapist"):
        raise PermissionDenied(_("This page is for therapists."))


def check_be_outside_reader(member: Member, practice) -> None:
    """Be the one whom the practice names as *someone else here*, or have been when a client wrote."""
    named = member.pk in (practice.outside_reader_id, *practice.former_readers)
    if not (named and member.is_active):
        raise PermissionDenied(_("This page is for the person named by the practice."))


def check_read_outside_line(member: Member, line: PrivateLine) -> None:
    """Read what a client said to *someone else here*: whom the page named then, unless that is the dyad's therapist."""
    said_to = line.reader == "outside" and line.to_id == member.pk
    if not (said_to and member.is_active) or line.response.session.dyad.therapist_id == member.pk:
        raise PermissionDenied(_("This comment is for somebody else."))


def check_see_safety(member: Member, practice) -> None:
    """See the neutral safety notices of the practice: its safety contact; while there is none, the admins."""
    stands_in = practice.safety_contact_id is None and member.is_a("admin")
    if not (stands_in or practice.safety_contact_id == member.pk and member.is_active):
        raise PermissionDenied(_("Safety notices are for the practice's safety contact."))


def check_read_safety_answer(member: Member, dyad: Dyad, practice) -> None:
    """Read a safety answer, also before the reveal: who may see the dyad now, and whoever sees the safety notices.

    Whoever treats this person reads it also where erasure was asked for since: somebody has to act on it.
    """
    may_see = can(check_see_dyad, member, dyad) or can(check_treat, member, dyad)
    if not (may_see or can(check_see_safety, member, practice)):
        raise PermissionDenied(_("This answer is not for you to read."))


def check_look_after_safety(member: Member, dyad: Dyad, practice) -> None:
    """Record what was done after a safety answer. An emergency opens a dyad for reading only."""
    shared = member.is_a("supervisor") and shares_with(member).filter(dyad=dyad).exists()
    if not (shared or can(check_treat, member, dyad) or can(check_see_safety, member, practice)):
        raise PermissionDenied(_("This is for the people who look after this client."))


def check_keep_practice(member: Member) -> None:
    """Make members and clients, change the practice's settings."""
    if not member.is_a("admin"):
        raise PermissionDenied(_("This page is for the practice's admin."))


def check_decide_erasure(member: Member) -> None:
    """Decide what is kept of somebody who asked for erasure: the admin, who knows the practice's retention times."""
    check_keep_practice(member)


def check_end_sessions(member: Member, colleague: Member) -> None:
    """End a colleague's sessions; one's own are ended on one's own page."""
    check_keep_practice(member)
    if colleague.pk == member.pk:
        raise PermissionDenied(_("You can sign yourself out of other devices under your name, at the top."))


def check_reset_second_factor(member: Member, colleague: Member) -> None:
    """Take away a colleague's lost second factor; one's own only on the server, or one open screen would be enough."""
    check_keep_practice(member)
    if colleague.pk == member.pk:
        raise PermissionDenied(_("Another admin can do this, or accord_clinic reset-second-factor on the server."))


def check_answer_correction(member: Member, dyad: Dyad) -> None:
    """Read and answer what a client says is wrong: the dyad's own therapist; once that one has left, an admin."""
    if dyad.therapist.is_active:
        check_own(member, dyad)
    elif not member.is_a("admin"):
        raise PermissionDenied(_("Only this client's therapist can do this."))


def check_give_away(member: Member, therapist: Member) -> None:
    """Give a colleague's clients to a cover or a successor: an admin; the own ones are handed over one by one."""
    check_keep_practice(member)
    if therapist.pk == member.pk:
        raise PermissionDenied(_("To hand over your own clients, use each client's page."))


def check_break_glass(member: Member, dyad: Dyad) -> None:
    """Look in an emergency: an admin who is not the dyad's own therapist."""
    if not member.is_a("admin") or dyad.therapist_id == member.pk:
        raise PermissionDenied(_("Only the practice's admin can open a colleague's client record in an emergency."))


def check_be_client(by: Member | Client | None, client: Client) -> None:
    """What is the client's own to do: answer, keep, seal, agree, take a copy, be erased."""
    if not isinstance(by, Client) or by.pk != client.pk:
        raise PermissionDenied(_("This is for the client alone to do."))


def check_know_client(member: Member | Client, client: Client) -> None:
    """Note what a guardian said: the own therapist of one of this client's courses of care."""
    if not any(can(check_own, member, dyad) for dyad in client.dyads.all()):
        raise PermissionDenied(_("This client is not on your list."))


def check_put_right(member: Member, client: Client) -> None:
    """Put name and other facts right: the own therapist, or an admin, who keeps names and addresses in order."""
    if not member.is_a("admin"):
        check_know_client(member, client)


def check_change_contact(member: Member, client: Client) -> None:
    """Where codes and links go opens the client's own space, so a therapist may fill it in but never redirect it.

    An admin may, unless that admin treats this client; in a practice of one person nobody else can.
    """
    treats = client.dyads.filter(therapist=member).exists()
    if member.is_a("therapist") and treats and not (client.email or client.phone):
        return
    alone = not Member.objects.filter(is_active=True).exclude(pk=member.pk).exists()
    if not member.is_a("admin") or (treats and not alone):
        raise PermissionDenied(_("The client can change this address in their own space, or an admin can."))


def check_merge(member: Member, main: Client, other: Client) -> None:
    """Merge two records of one person: an admin who treats neither, since an address opens what the other holds.

    In a practice of one person nobody else can.
    """
    check_keep_practice(member)
    treats = any(client.dyads.filter(therapist=member).exists() for client in (main, other))
    if treats and Member.objects.filter(is_active=True).exclude(pk=member.pk).exists():
        raise PermissionDenied(_("You treat this client. Another admin has to do this."))
