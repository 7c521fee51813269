"""`accord_clinic reset-second-factor`: for an admin who has lost the second factor and has nobody else to ask."""

from django.core.management.base import BaseCommand

from accord.errors import BadInput
from accord_clinic.actions import members
from accord_clinic.models import Member


class Command(BaseCommand):
    help = (
        "Take away the lost second factor of somebody who works here, recovery codes too. The next sign-in, with the "
        "password, asks for a new one. Another admin can do the same on the page of that person."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("email", help="the address with which that person signs in")

    def handle(self, **options):
        member = Member.objects.at(options["email"])
        if member is None:
            raise BadInput(f"{options['email']}: nobody who works here signs in with this address.")
        members.reset_second_factor(member, by=None)
        self.stdout.write(
            f"{member.name} has no second factor any more and is signed out everywhere.\n"
            "Sign in with the password now and set up a new one; a mail says that this was done."
        )
