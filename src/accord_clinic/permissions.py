"""Who may do what: pairs of `check_x`, which raises a sentence, and `can_x`, which answers yes or no.

Rows that a member may see come from one scoped queryset, `dyads_visible_to`; what is not in it does not exist for them.
"""

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accord_clinic.models import Dyad, Member, PrivateLine, Share


def _can(check, *args) -> bool:
    try:
        check(*args)
    except PermissionDenied:
        return False
    return True


def dyads_visible_to(member: Member) -> QuerySet[Dyad]:
    """Own dyads, and those that their therapist shares with this supervisor now."""
    rows = Q(pk__in=())
    if member.is_a("therapist"):
        rows |= Q(therapist=member)
    if member.is_a("supervisor"):
        rows |= Q(pk__in=shares_with(member).values("dyad"))
    return Dyad.objects.filter(rows)


def shares_with(member: Member) -> QuerySet[Share]:
    """The shares that let this member see a dyad at this moment."""
    return Share.objects.filter(member=member).filter(Q(until=None) | Q(until__gt=timezone.now()))


def check_treat(member: Member, dyad: Dyad) -> None:
    """Rate, talk, seal, move strains, end: the dyad's own therapist alone."""
    if not (member.is_a("therapist") and dyad.therapist_id == member.pk):
        raise PermissionDenied(_("Only the therapist of this course of care can do this."))


def can_treat(member: Member, dyad: Dyad) -> bool:
    return _can(check_treat, member, dyad)


def check_see_dyad(member: Member, dyad: Dyad) -> None:
    """See the revealed course of a dyad."""
    if not dyads_visible_to(member).filter(pk=dyad.pk).exists():
        raise PermissionDenied(_("This course of care is not shared with you."))


def can_see_dyad(member: Member, dyad: Dyad) -> bool:
    return _can(check_see_dyad, member, dyad)


def check_share(member: Member, dyad: Dyad, supervisor: Member) -> None:
    """Share a dyad: its therapist's own act, and only with a supervisor."""
    check_treat(member, dyad)
    if not supervisor.is_a("supervisor"):
        raise PermissionDenied(_("A course of care can be shared with a supervisor only."))


def can_share(member: Member, dyad: Dyad, supervisor: Member) -> bool:
    return _can(check_share, member, dyad, supervisor)


def check_see_service(member: Member) -> None:
    """See the service in numbers."""
    if not member.is_a("manager"):
        raise PermissionDenied(_("The numbers of the service are for its manager."))


def can_see_service(member: Member) -> bool:
    return _can(check_see_service, member)


def check_supervise(member: Member) -> None:
    """See what therapists share."""
    if not member.is_a("supervisor"):
        raise PermissionDenied(_("This page is for supervisors."))


def can_supervise(member: Member) -> bool:
    return _can(check_supervise, member)


def check_work_as_therapist(member: Member) -> None:
    """Have a Today and a caseload."""
    if not member.is_a("therapist"):
        raise PermissionDenied(_("This page is for therapists."))


def can_work_as_therapist(member: Member) -> bool:
    return _can(check_work_as_therapist, member)


def check_be_outside_reader(member: Member, practice) -> None:
    """Be the one whom the practice names as *someone else here*."""
    if practice.outside_reader_id != member.pk or not member.is_active:
        raise PermissionDenied(_("This page is for the person whom the practice has named."))


def can_be_outside_reader(member: Member, practice) -> bool:
    return _can(check_be_outside_reader, member, practice)


def check_read_outside_line(member: Member, line: PrivateLine, practice) -> None:
    """Read what a client said to *someone else here*: the named outside reader, unless that is the dyad's therapist."""
    therapist = line.response.session.dyad.therapist_id
    if line.reader != "outside" or practice.outside_reader_id != member.pk or therapist == member.pk:
        raise PermissionDenied(_("This line is for somebody else."))


def can_read_outside_line(member: Member, line: PrivateLine, practice) -> bool:
    return _can(check_read_outside_line, member, line, practice)


def check_see_safety(member: Member, practice) -> None:
    """See the neutral safety notices of the practice."""
    if practice.safety_contact_id != member.pk:
        raise PermissionDenied(_("Safety notices are for the practice's safety contact."))


def can_see_safety(member: Member, practice) -> bool:
    return _can(check_see_safety, member, practice)


def check_keep_practice(member: Member) -> None:
    """Make members and clients, change the practice's settings."""
    if not member.is_a("admin"):
        raise PermissionDenied(_("This page is for the practice's admin."))


def can_keep_practice(member: Member) -> bool:
    return _can(check_keep_practice, member)
