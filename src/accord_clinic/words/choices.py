"""What the choices of a row are called on a page: where a session is, what became of it, how a course of care ended.

The choices themselves are with the columns in `models`; a page that names one takes the name from here.
"""

from accord_clinic.models import Dyad, Erasure, Expectation, Pause, Session

MODALITIES, STATES, ENDINGS = dict(Dyad.MODALITIES), dict(Session.STATES), dict(Dyad.ENDINGS)
PAUSE_REASONS, EXPECTED = dict(Pause.REASONS), dict(Expectation.TOPICS)
RECORD_KINDS, WHYS_KEPT = dict(Erasure.KINDS), dict(Erasure.WHYS)
