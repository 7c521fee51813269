"""The tables: what people said and saw, who may see it, what was done. Clinical rows are only ever added."""

from django.apps import apps

from accord_clinic.models import codes
from accord_clinic.models.alliance import (
    Agreement,
    Pick,
    Progress,
    Seal,
    Strain,
    StrainMove,
    TalkTick,
    Undone,
    Wording,
)
from accord_clinic.models.care import (
    AgendaItem,
    Comment,
    Invitation,
    KeptRating,
    PrivateLine,
    RatingDraft,
    Reaction,
    Response,
    Session,
    SessionChange,
)
from accord_clinic.models.case_meetings import CaseMeeting, CaseTally
from accord_clinic.models.exchange import CareRecord, CareRecordUser, Recipient, TokenContext
from accord_clinic.models.expectations import Expectation, ExpectationSheet
from accord_clinic.models.follow_up import FollowUp
from accord_clinic.models.messages import Schedule, StopLink
from accord_clinic.models.people import (
    Client,
    Consent,
    Dyad,
    ExternalName,
    Measure,
    Member,
    NotForClient,
    Practice,
    Share,
)
from accord_clinic.models.planning import (
    CalendarChange,
    CalendarEvent,
    CalendarSeries,
    ClosedDays,
    ConnectedCalendar,
    Pause,
    Rhythm,
)
from accord_clinic.models.rights import BreakGlass, CaseloadMove, Correction, Cover, Erasure, Terms
from accord_clinic.models.signals import Calibration, PutAside, SafetyLook, Signal, Suggestion
from accord_clinic.models.study import Study, StudyFile
from accord_clinic.models.treatment_plan import PlanFit, PlanOption, PlanSeal, TreatmentPlan
from accord_clinic.models.trust import AuditEntry, ClientDoor, Code, ImportRow, Notice, ReadLog, ServiceMonth, StepIn

codes.guard(apps.all_models["accord_clinic"].values())

__all__ = [
    "Rhythm",
    "Pause",
    "ClosedDays",
    "CalendarSeries",
    "CalendarEvent",
    "CalendarChange",
    "CaseloadMove",
    "ConnectedCalendar",
    "AgendaItem",
    "Agreement",
    "AuditEntry",
    "BreakGlass",
    "Calibration",
    "CareRecord",
    "CareRecordUser",
    "CaseMeeting",
    "CaseTally",
    "Client",
    "ClientDoor",
    "Code",
    "Comment",
    "Consent",
    "Correction",
    "Cover",
    "Dyad",
    "Erasure",
    "Expectation",
    "ExpectationSheet",
    "ExternalName",
    "FollowUp",
    "ImportRow",
    "Invitation",
    "Measure",
    "Member",
    "NotForClient",
    "Notice",
    "Pick",
    "PlanFit",
    "PlanOption",
    "PlanSeal",
    "Practice",
    "KeptRating",
    "PrivateLine",
    "Progress",
    "PutAside",
    "RatingDraft",
    "Reaction",
    "Recipient",
    "ReadLog",
    "Response",
    "SafetyLook",
    "Schedule",
    "Seal",
    "ServiceMonth",
    "Session",
    "SessionChange",
    "Share",
    "Signal",
    "StepIn",
    "StopLink",
    "Strain",
    "StrainMove",
    "Study",
    "StudyFile",
    "Suggestion",
    "TalkTick",
    "TreatmentPlan",
    "Terms",
    "TokenContext",
    "Undone",
    "Wording",
]
