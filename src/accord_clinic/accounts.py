"""How people who work here sign in: nobody makes an account for themselves; the admin invites."""

from allauth.account.adapter import DefaultAccountAdapter


class Adapter(DefaultAccountAdapter):
    """Closes open sign-up: a practice knows its own members."""

    def is_open_for_signup(self, request):
        return False
