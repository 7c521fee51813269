"""What client and therapist share: goals, tasks and the shared view with seals, picks, strains, the talk sheet."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accord_clinic.models.care import Session
from accord_clinic.models.people import Dyad
from accord_clinic.models.row import SIDES, Addressed
from accord_clinic.records.strain_workflow import MOVES, WORKFLOW


class Agreement(Addressed):
    """A goal, a task of a goal, a medication plan, or the shared view of the problem.

    It is agreed while both have sealed its last wording.
    """

    KINDS = [
        ("goal", _("goal")), ("task", _("task")), ("medication", _("medication plan")),
        ("problem", _("shared view of the problem")),
    ]  # fmt: skip
    ENDS = [("reached", _("reached")), ("dropped", _("dropped")), ("replaced", _("replaced"))]

    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="agreements")
    kind = models.CharField(max_length=10, choices=KINDS)
    goal = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="tasks")
    proposed_by = models.CharField(max_length=10, choices=SIDES)
    made_at = models.DateTimeField()
    end = models.CharField(max_length=10, choices=ENDS, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)


class Wording(models.Model):
    """The words of an agreement at one time. Seals belong to a wording, so new words start without any.

    `levels`: for a goal, what would count as each of `attainment.LEVELS`, where the two chose Goal Attainment Scaling.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="wordings")
    words = models.TextField()
    levels = models.JSONField(default=list, blank=True)
    side = models.CharField(max_length=10, choices=SIDES)
    at = models.DateTimeField()


class Seal(models.Model):
    """One side's promise about one wording. Only that person makes it, never the program."""

    wording = models.ForeignKey(Wording, on_delete=models.CASCADE, related_name="seals")
    side = models.CharField(max_length=10, choices=SIDES)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["wording", "side"], name="seal_once")]


class Progress(models.Model):
    """How far one side sees a goal (0 to 10, or one of its levels), or how a task or medication went (0 not to 2).

    A correction is a new row that names the one it stands for; without a value it takes that one back.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="progress")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="progress")
    side = models.CharField(max_length=10, choices=SIDES)
    value = models.PositiveSmallIntegerField(null=True, blank=True)
    at = models.DateTimeField()
    corrects = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="+")


class Pick(models.Model):
    """What matters most now, chosen by one side before seeing the other's choice: a shared goal or new words.

    Which of them count is said once, in `current_picks`. A correction names the last pick that it stands for; one
    without a goal and without words takes all of them back.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="picks")
    side = models.CharField(max_length=10, choices=SIDES)
    agreement = models.ForeignKey(Agreement, null=True, blank=True, on_delete=models.CASCADE, related_name="picks")
    words = models.TextField(blank=True)
    at = models.DateTimeField()
    corrects = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="+")

    @property
    def empty(self) -> bool:
        """Whether this row only says that nothing is picked any more."""
        return self.agreement_id is None and not self.words


class Strain(Addressed):
    """A possible strain, from opening to settling. `state` repeats the last move, so lists need not read them all."""

    KINDS = [("withdrawal", _("withdrawal")), ("confrontation", _("confrontation")), ("unclear", _("unclear"))]
    STATES = [(state, state) for state in WORKFLOW]

    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="strains")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="strains")
    kind = models.CharField(max_length=20, choices=KINDS, default="unclear")
    opened_by = models.CharField(max_length=10, choices=[*SIDES, ("signal", _("a signal"))])
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=STATES, default="opened")

    number: int  # of its session, where a queryset annotates it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dyad", "session", "opened_by"], name="strain_once_a_session_and_voice")
        ]
        indexes = [models.Index(fields=["state"])]


class StrainMove(models.Model):
    """One step in the history of a strain: who, when, at which session. `records/strain_workflow.py` has the table."""

    strain = models.ForeignKey(Strain, on_delete=models.CASCADE, related_name="moves")
    move = models.CharField(max_length=20, choices=[(move, move) for move in MOVES])
    side = models.CharField(max_length=10, choices=[*SIDES, ("signal", _("a signal"))])
    session = models.ForeignKey(Session, null=True, blank=True, on_delete=models.CASCADE, related_name="strain_moves")
    step = models.CharField(max_length=300, blank=True, help_text="which repair step the therapist tried")
    at = models.DateTimeField()

    # Of its session and of the strain’s, where a queryset annotates them.
    number: int
    about: int


class TalkTick(models.Model):
    """A line of a talk sheet that both ticked as talked about."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="talk_ticks")
    topic = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "topic"], name="tick_once")]


class Undone(models.Model):
    """A mark that was taken back: what it said, when it was made, and who took it back. The mark itself is gone.

    A strain's tick is also among its moves. A further kind of mark that can be taken back gets its code here.
    """

    KINDS = [("end", _("that a goal or a task has ended")), ("tick", _("that something was talked about"))]

    dyad = models.ForeignKey(Dyad, on_delete=models.CASCADE, related_name="undone")
    kind = models.CharField(max_length=10, choices=KINDS)
    agreement = models.ForeignKey(Agreement, null=True, blank=True, on_delete=models.CASCADE, related_name="undone")
    session = models.ForeignKey(Session, null=True, blank=True, on_delete=models.CASCADE, related_name="undone")
    mark = models.CharField(max_length=60, help_text="how it had ended, or the line that was ticked")
    marked_at = models.DateTimeField()
    side = models.CharField(max_length=10, choices=SIDES, help_text="whose taking back it is")
    at = models.DateTimeField()
