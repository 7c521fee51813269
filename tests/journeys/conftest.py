"""The same people as in the clinic's tests."""

from tests.clinic.conftest import *  # noqa: F403
