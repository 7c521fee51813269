"""`accord_clinic forget-pin`: for a client who has forgotten the PIN of the own space, and whom somebody here knows."""

from django.core.management.base import BaseCommand

from accord_clinic.actions import own_space


class Command(BaseCommand):
    help = (
        "Take away the forgotten PIN of a client's own space. The code by mail then opens it alone. The client is "
        "told by message. Make sure first that it is the client who asks."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("email", help="the client's address")
        parser.add_argument("--name", default="", help="whose, where several clients share the address")

    def handle(self, email, name, **_options):
        client = own_space.with_pin_at(email, name)
        own_space.forget_pin(client)
        self.stdout.write(f"{client.name} has no PIN any more, and every open own space was closed. A message says so.")
