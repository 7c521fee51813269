"""The people of the clinic's tests, for those who attack it."""

from tests.clinic.conftest import *  # noqa: F403
