"""One invented course of care, step by step: each step says when it happens, then does it through the actions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from accord.records import Answer, Rater
from accord.signals import CHECK_IN
from accord_clinic.actions import (
    agreements,
    care,
    checkin,
    consent,
    earlier_course,
    expectations,
    reveal,
    strains,
    talk_sheet,
)
from accord_clinic.demo.mail import NO_SUCH_PLACE
from accord_clinic.demo.speech import Page, submission
from accord_clinic.demo.voices import DemoVoices
from accord_clinic.messages import notices
from accord_clinic.models import Agreement, Client, Dyad, Member, Session
from accord_clinic.models.care import rank
from accord_clinic.questionnaires.plan import STARTING_PATH, WIDER_LOOK, asks_what_matters
from accord_clinic.questionnaires.shelf import instrument
from accord_clinic.questionnaires.submission import AskedAgain
from accord_clinic.records.attainment import LEVELS
from accord_clinic.rules.practice import often

HOUR = timedelta(hours=1)
LASTS = timedelta(minutes=50)
AGREE_TO_RESEARCH = 0.7
AGREE_TO_CARE = 0.95
"""The others have answered on paper, and the form of their consent is still missing: something for the admin to do."""
ASKED_FIRST = 9
"""So many questions of the wider look draw from the story's own dice. Others, and medication plans, have dice apart, so
that what is asked in addition changes nobody's story."""
Lines = Mapping[str, list[str]]
Theme = Mapping[str, list[str] | str]
Sheet = Mapping[str, Mapping[str, str]]
"""What each side writes before the first session, by topic; a side that is missing has not written yet."""


@dataclass(frozen=True)
class Plot:
    """What is settled before a life begins. `sessions`: how many until it ends as `ending`; none: it goes on."""

    name: str
    therapist: Member
    voices: DemoVoices
    first: date
    hour: time
    zone: ZoneInfo
    modalities: tuple[str, ...]
    approach: str
    theme: Theme
    lines: Lines
    seed: str
    every_days: int = 7
    sessions: int = 0
    ending: str = ""
    language: str = "en"
    form: str = "full"
    address_as: str = ""
    shared_with: Member | None = None
    talks: float = 0.5
    safety_in: int = 0
    outside_in: int = 0
    keeps_strain: str = "show"
    moves_to: Member | None = None
    mailed_from: datetime | None = None
    mistyped: bool = False
    before: Sheet | None = None


class Life:
    """One course of care, told in order. `tell` yields the moment of each step before taking it."""

    def __init__(self, plot: Plot) -> None:
        self.plot = plot
        self.dice = Random(plot.seed)
        self.goals: list[Agreement] = []
        self.tasks: list[Agreement] = []
        self.talked: set[int] = set()
        self.asked: Counter[int] = Counter()
        self.therapist = plot.therapist
        self.client: Client
        self.dyad: Dyad

    def tell(self) -> Iterator[datetime]:
        """The whole life; whoever tells it stops at the present."""
        plot = self.plot
        yield self._start(1) - timedelta(days=3)
        self._begin()
        session = care.plan_session(self.dyad, self._start(1), by=self.therapist, modality=self._modality(1))
        if plot.before:
            yield self._start(1) - timedelta(days=2, hours=12)  # so that it is there at any hour of the day
            self._expect(plot.before)
        number = 1
        while True:
            yield session.start + LASTS
            state = self._became(number)
            care.mark_session(session, state, by=self.therapist)
            following = None
            if number != plot.sessions:
                following = care.plan_session(
                    self.dyad, self._start(number + 1), by=self.therapist, modality=self._modality(number + 1)
                )
            if state == "held":
                session.refresh_from_db()
                self.talk(session)
                self.agree(session)
                yield from self._rate(session)
            if following is None:
                break
            session, number = following, number + 1
        yield session.start + timedelta(days=5)
        self._end()

    def client_page(self, session: Session) -> Page | None:
        """What the client sends about a session, `None` for nothing."""
        number = session.number
        answers = self.plot.voices.client(number, must=number in (self.plot.safety_in, self.plot.outside_in))
        if answers is None:
            return None
        page = Page(self.answers("client", number, answers), language=self.plot.language)
        self._write(page, number, bool(answers.get("t1")))
        page.again = self._asked_again(session)
        if answers.get("t1"):
            page.sharing[CHECK_IN, "t1"] = self.plot.keeps_strain
        if number >= 4:
            page.progress = self._progress(number)
        if asks_what_matters(number, often(self.dyad)) and self.goals:
            page.picked = [goal.uid for goal in self.goals[:2]]
        return page

    def therapist_page(self, session: Session) -> Page | None:
        """What the therapist sends about a session, `None` for nothing."""
        number = session.number
        answers = self.plot.voices.therapist(number)
        if answers is None:
            return None
        page = Page(self.answers("therapist", number, answers))
        lines = self.plot.lines
        if self.dice.random() < 0.3:
            page.say(CHECK_IN, "o1", self.dice.choice(lines["therapist_helped"]))
        if self.dice.random() < 0.2:
            page.say(CHECK_IN, "o2", self.dice.choice(lines["therapist_differently"]))
        if number <= 3:
            self.write_start(page, number, "therapist")
        if self.dice.random() < 0.1:
            page.reaction = self.dice.choice(lines["reaction"])
        if asks_what_matters(number, often(self.dyad)) and self.goals:
            apart = self.dice.random() < 0.12
            page.picked = [goal.uid for goal in (self.goals[2:] if apart else self.goals[1:3])]
            page.picked_words = ["Coming back to the last weeks before stopping"] if not page.picked else []
        return page

    def talk(self, session: Session) -> None:
        """What was concerned earlier may be talked about in this session, and a repair tried."""
        for strain in strains.open_strains(self.dyad).filter(session__start__lt=session.start):
            again = strain.pk in self.talked and self.dice.random() > 0.2
            if not again and (self.plot.voices.repaired() or self.dice.random() < self.plot.talks):
                self.talked.add(strain.pk)
                talk_sheet.tick(session, f"strain:{strain.uid}", by=self.therapist)
                if self.dice.random() < 0.6:
                    step = self.dice.choice(self.plot.lines["repair"])
                    strains.move(strain, "try_repair", "therapist", by=self.therapist, session=session, step=step)

    def agree(self, session: Session) -> None:
        """Goals, tasks and the shared view grow over the first sessions; some have both seals, some wait for one."""
        step = {
            2: self._first_goal, 3: self._shared_view, 4: self._first_task, 5: self._second_goal,
            6: self._therapists_goal, 9: self._other_words, 12: self._reach,
        }.get(session.number)  # fmt: skip
        if step:
            step()

    def propose(self, kind: str, words: str, side: str, goal: Agreement | None = None, seals: str = "") -> Agreement:
        """Propose something and let the named sides seal it (`both`, `client`, `therapist` or nobody)."""
        made = agreements.propose(self.dyad, kind, words, side, by=self._by(side), goal=goal)
        for voice in ("client", "therapist"):
            if seals in (voice, "both"):
                self.seal(made, voice)
        return made

    def seal(self, agreement: Agreement, side: str) -> None:
        """One side seals the words as they stand."""
        seen = agreement.wordings.values_list("pk", flat=True).latest("id")
        agreements.seal(agreement, side, seen=seen, by=self._by(side))

    def write_start(self, page: Page, number: int, side: str) -> None:
        """The open questions of the starting path; the therapist writes less."""
        theme = self.plot.theme
        lines = {
            1: {"e1": theme["hope"], "e2": theme["expects"], "e3": theme["part"]},
            2: {},
            3: {"s1": theme["problem"], "s2": theme["goals"][0], "s3": self.plot.lines["helped"][0]},
        }[number]
        for item, line in lines.items():
            if side == "client" or item in ("e3", "s2"):
                page.say(STARTING_PATH, item, str(line))

    def _by(self, side: str) -> Client | Member:
        return self.client if side == "client" else self.therapist

    def _begin(self) -> None:
        plot = self.plot
        address = f"{plot.name.split()[0].lower()}@{NO_SUCH_PLACE if plot.mistyped else 'example.org'}"
        born = Random(f"{plot.seed}/born").randrange(1950, 2004)
        self.client = care.register_client(
            plot.name, by=plot.therapist, email=address, language=plot.language, address_as=plot.address_as, born=born
        )
        self.dyad = care.start_course(
            self.client, plot.therapist, self._start(1).date(), by=plot.therapist, approach=plot.approach,
            modality=plot.modalities[0], form=plot.form, measures=dict.fromkeys(plot.theme.get("measures", ()), 4),
        )  # fmt: skip
        if Random(f"{plot.seed}/care").random() < AGREE_TO_CARE:
            consent.give(self.client, "care", by=self.client)
        if Random(f"{plot.seed}/research").random() < AGREE_TO_RESEARCH:
            consent.give(self.client, "research", by=self.client)
        if plot.shared_with:
            care.share(self.dyad, plot.shared_with, by=plot.therapist)

    def _expect(self, sheet: Sheet) -> None:
        """The client gets the page for before the first session, and whoever has written by then sends it."""
        expectations.send_page(self.dyad, by=self.therapist)
        for side, words in sheet.items():
            expectations.send(self.dyad, side, words, by=self._by(side))

    def _start(self, number: int) -> datetime:
        day = self.plot.first + timedelta(days=self.plot.every_days * (number - 1))
        return datetime.combine(day, self.plot.hour, self.plot.zone)

    def _modality(self, number: int) -> str:
        kinds = self.plot.modalities
        return kinds[Random(f"{self.plot.seed}/{number}").randrange(len(kinds))]

    def _became(self, number: int) -> str:
        settled = (1, self.plot.sessions, self.plot.safety_in, self.plot.outside_in)
        if number not in settled and self.dice.random() < 0.06:
            return self.dice.choice(("cancelled", "cancelled", "missed_by_client"))
        return "held"

    def _ask(self, session: Session) -> bool:
        """Ask the client: by a link that is shown, or lately by mail. False where the mail does not arrive."""
        if self.plot.mailed_from is None or session.start < self.plot.mailed_from:
            checkin.invite(session, by=self.therapist)
            return True
        checkin.mail_link(session, lambda token: settings.PUBLIC_URL + reverse("link", args=[token]), by=self.therapist)
        notices.deliver()
        return not self.plot.mistyped

    def _rate(self, session: Session) -> Iterator[datetime]:
        """Both answer in their own time; what is missing when the time has come opens without it."""
        arrives = self._ask(session)
        after: dict[Rater, tuple[int, ...]] = {"client": (1, 3, 6, 20, 30, 70), "therapist": (1, 1, 2, 5, 22, 58)}
        moments = {side: self.dice.choice(hours) for side, hours in after.items()}
        for side, hours in sorted(moments.items(), key=lambda moment: moment[1]):
            yield session.start + LASTS + hours * HOUR
            if side == "client" and not arrives:
                continue
            page = self.client_page(session) if side == "client" else self.therapist_page(session)
            if page:
                sent = submission(page, session, side, self.dice.randrange(35, 110))
                checkin.send(session, side, sent, by=self._by(side))
        session.refresh_from_db()
        if not session.revealed_at and self.dice.random() < 0.2:
            yield session.start + 72 * HOUR
            reveal.waive(session, self.dice.choice(self.plot.lines["waived"]), by=self.therapist)
        elif not session.revealed_at and session.reveal_due:
            yield session.reveal_due
            reveal.sweep()

    def _end(self) -> None:
        last = self.dyad.sessions.latest("start")
        day = last.start.date() + timedelta(days=5)
        if self.plot.moves_to:
            self.dyad = care.hand_over(self.dyad, self.plot.moves_to, day, by=self.therapist)
            earlier_course.show_earlier(self.dyad, "agreed", by=self.dyad.client)
            care.plan_session(self.dyad, last.start + timedelta(days=14, hours=1), by=self.plot.moves_to)
            return
        why = {"planned": "ended_planned", "agreement": "ended_agreement", "by_therapist": "ended_therapist"}
        reason = str(self.plot.lines[why.get(self.plot.ending, "ended_client")])
        care.end_course(self.dyad, self.plot.ending, day, reason, by=self.therapist)

    def answers(self, side: str, number: int, check_in: Mapping[str, Answer]) -> dict[str, Mapping[str, Answer]]:
        """Answers to everything that may be asked beside the check-in, in keeping with it."""
        level = [a for item, a in check_in.items() if item in ("d1", "m1", "b2") and isinstance(a, int)]
        usual = round(sum(level) / len(level)) if level else 3
        items = instrument(WIDER_LOOK).items
        apart = Random(f"{self.plot.seed}/{number}/{side}")
        dice = {item.id: self.dice if place < ASKED_FIRST else apart for place, item in enumerate(items)}
        wider = {item.id: min(4, max(0, usual + dice[item.id].choice((-1, 0, 0, 1)))) for item in items}
        start: dict[str, Answer] = {"p1": self.dice.randrange(1, 5), "p2": self.dice.randrange(0, 5)}
        start["p3"] = ("ask_at_once",)
        answers: dict[str, Mapping[str, Answer]] = {CHECK_IN: check_in, WIDER_LOOK: wider, STARTING_PATH: start}
        if side == "client":
            answers |= {name: self._measured(name, number) for name in self.plot.theme.get("measures", ())}
        return answers

    def _measured(self, name: str, number: int) -> dict[str, Answer]:
        """An outcome measure that gets better slowly, 0 to 3 an item; self-harm only where the plot has it."""
        level = 1.9 - 0.07 * number
        answers: dict[str, Answer] = {}
        for item in instrument(name).asked("full", "client"):
            answers[item.id] = min(3, max(0, round(self.dice.gauss(level, 0.7))))
            if item.safety is not None:
                answers[item.id] = int(self.plot.safety_in == number)
        return answers

    def _write(self, page: Page, number: int, strained: bool) -> None:
        lines = self.plot.lines
        if number <= 3:
            self.write_start(page, number, "client")
        if self.dice.random() < 0.4:
            page.say(CHECK_IN, "o1", self.dice.choice(lines["helped"]))
        if number == self.plot.outside_in:
            page.say(CHECK_IN, "o2", self.dice.choice(lines["outside"]), "outside")
        elif strained and self.dice.random() < 0.8:
            page.say(CHECK_IN, "o2", self.dice.choice(lines["strain"]))
        elif self.dice.random() < 0.2:
            reader = self.dice.choice(("therapist", "therapist", "therapist", "raise", "statistics"))
            pool = {"raise": "raise", "statistics": "statistics"}.get(reader, "differently")
            page.say(CHECK_IN, "o2", self.dice.choice(lines[pool]), reader)

    def _asked_again(self, session: Session) -> list[AskedAgain]:
        """The client's word on earlier concerns; after two answers without news the question is skipped."""
        answers = []
        earlier = strains.open_strains(self.dyad).filter(session__start__lt=session.start)
        for strain in earlier.annotate(number=rank("session")):
            talked = strain.pk in self.talked
            small = self.plot.voices.small(strain.number)
            over = small or (self.plot.voices.repaired() and not self.plot.voices.strained(session.number))
            if over or self.asked[strain.pk] < 2:
                self.asked[strain.pk] += 1
                stands = "settled" if over and talked else "partly" if over else "still_there"
                answers.append(AskedAgain(strain.uid, talked, stands, "yes" if talked else "no"))
        return answers

    def _progress(self, number: int) -> dict[str, int]:
        far = {goal.uid: min(10, max(0, number // 2 + self.dice.randrange(0, 3))) for goal in self.goals[:1]}
        if "levels" in self.plot.theme:
            far = {goal: LEVELS[min(steps, 9) // 2] for goal, steps in far.items()}
        apart = Random(f"{self.plot.seed}/{number}/medication")
        dice = (self.dice, apart)
        return far | {task.uid: own.choice((0, 1, 1, 2, 2)) for task, own in zip(self.tasks, dice, strict=False)}

    def _first_goal(self) -> None:
        goal, levels = self.propose("goal", self.plot.theme["goals"][0], "client"), self.plot.theme.get("levels")
        if levels:
            seen = goal.wordings.get()
            agreements.reword(goal, seen.words, "client", seen=seen.pk, by=self.client, levels=levels)
        self.seal(goal, "client")
        self.goals.append(goal)

    def _shared_view(self) -> None:
        seals = self.dice.choice(("both", "both", "client"))
        self.propose("problem", str(self.plot.theme["problem"]), "client", seals=seals)
        for goal in self.goals[:1]:
            self.seal(goal, "therapist")

    def _first_task(self) -> None:
        for goal in self.goals[:1]:
            seals = self.dice.choice(("both", "both", "therapist"))
            self.tasks.append(self.propose("task", self.plot.theme["tasks"][0], "therapist", goal, seals))
        if "medication" in self.plot.theme:
            self.tasks.append(self.propose("medication", str(self.plot.theme["medication"]), "client", seals="both"))

    def _second_goal(self) -> None:
        seals = self.dice.choice(("both", "client"))
        self.goals.append(self.propose("goal", self.plot.theme["goals"][1], "client", seals=seals))

    def _therapists_goal(self) -> None:
        seals = self.dice.choice(("both", "therapist"))
        self.goals.append(self.propose("goal", self.plot.theme["goals"][2], "therapist", seals=seals))

    def _other_words(self) -> None:
        """New words break both seals."""
        if len(self.goals) > 1 and self.dice.random() < 0.3:
            goal = self.goals[1]
            seen = goal.wordings.latest("id")
            agreements.reword(goal, f"{seen.words}, most of the time", "client", seen=seen.pk, by=self.client)
            self.seal(goal, "client")

    def _reach(self) -> None:
        if self.goals and self.dice.random() < 0.5:
            agreements.end(self.goals[0], "reached", "client", by=self.client)
