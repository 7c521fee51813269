"""What many tables share: a name for URLs that cannot be guessed, and the two sides of a dyad."""

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

SIDES = [("client", _("client")), ("therapist", _("therapist"))]


def new_uid() -> str:
    """Make 128 random bits for a URL, so that nobody can count the rows or guess the next one."""
    return secrets.token_urlsafe(16)


class Addressed(models.Model):
    """A row that has a page. Its key in the database is a number; URLs use a random name."""

    uid = models.CharField(max_length=22, unique=True, default=new_uid, editable=False)

    class Meta:
        abstract = True
