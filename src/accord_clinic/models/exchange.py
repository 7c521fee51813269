"""Programs of others that may read here once clients agree, and whom each of their tokens is about; care records from
which Accord is opened.

Applications, codes and tokens themselves are the rows of django-oauth-toolkit.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accord_clinic.models.people import Client, Member
from accord_clinic.models.row import Addressed

NUMBERS = "numbers"
"""The use of a program that reads what is published about the practice as a whole, and nothing about any person."""


class Recipient(Addressed):
    """A program that may read here: who runs it, what it is used for, and the keys it proves itself by.

    Its words are never changed, since clients agreed to them: an admin closes it and adds another.
    """

    USES = [
        ("app", _("an app that clinicians open")),
        ("service", _("a service that reads by itself")),
        (NUMBERS, _("a service that reads only the practice’s published numbers")),
    ]

    application = models.OneToOneField(
        "oauth2_provider.Application", on_delete=models.PROTECT, related_name="recipient"
    )
    name = models.CharField(max_length=80)
    keeper = models.CharField(max_length=120, help_text="who runs it")
    purpose = models.CharField(max_length=200, help_text="what it is used for, as clients read it")
    use = models.CharField(max_length=10, choices=USES)
    asks_answers = models.BooleanField(
        default=False, help_text="clients are asked for a second yes, to what they show in check-ins"
    )
    launch_url = models.CharField(max_length=300, blank=True, help_text="where it is opened from a course of care")
    keys = models.JSONField(default=dict, blank=True, help_text="its public keys, as a JSON Web Key Set")
    made_at = models.DateTimeField()
    numbers_since = models.DateTimeField(
        null=True, blank=True, help_text="since when a manager lets it read the numbers, where they are its use"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def is_let_in(self) -> bool:
        """Whether it gets any token: it is not closed, and where it is for the numbers, a manager lets it read them."""
        return self.closed_at is None and (self.use != NUMBERS or self.numbers_since is not None)


class TokenContext(models.Model):
    """Whom a code or a token is about, where it is about one client alone. It goes when the code or token goes."""

    grant = models.OneToOneField(
        "oauth2_provider.Grant", null=True, blank=True, on_delete=models.CASCADE, related_name="context"
    )
    token = models.OneToOneField(
        "oauth2_provider.AccessToken", null=True, blank=True, on_delete=models.CASCADE, related_name="context"
    )
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")


class CareRecord(Addressed):
    """A care record from which members open Accord (SMART App Launch). It is asked at its issuer's address alone."""

    name = models.CharField(max_length=80)
    issuer = models.CharField(max_length=300, unique=True, help_text="the address of its FHIR server, exactly")
    client_id = models.CharField(max_length=255, help_text="what Accord is called there")
    signs = models.BooleanField(default=False, help_text="Accord proves who it is by its key (private_key_jwt)")
    numbers = models.CharField(
        max_length=200, blank=True, help_text="the system of the numbers that are noted here without one"
    )
    plans = models.BooleanField(default=False, help_text="its appointments become sessions, as those of a calendar do")
    made_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class CareRecordUser(models.Model):
    """Which member a user of a care record is; tied once, by that member, after our own second factor."""

    record = models.ForeignKey(CareRecord, on_delete=models.CASCADE, related_name="users")
    user = models.CharField(max_length=64, help_text="hash of the record's name for this user (fhirUser)")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["record", "user"], name="record_user_once"),
            models.UniqueConstraint(fields=["record", "member"], name="record_member_once"),
        ]
