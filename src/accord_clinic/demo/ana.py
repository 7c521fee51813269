"""The course that the pictures show: Ana and Ben, ten sessions, one strain settled and one that only Ana saw."""

from __future__ import annotations

from collections.abc import Mapping

from accord.records import Answer
from accord.signals import CHECK_IN
from accord_clinic.actions import strains, talk_sheet
from accord_clinic.demo.courses import Life
from accord_clinic.demo.speech import Page
from accord_clinic.models import Session
from accord_clinic.questionnaires.submission import AskedAgain

# d1 d2 m1 m2 b1 b2 b3 b4 t1 v1 per session; None: no answer at all.
ORDER = ("d1", "d2", "m1", "m2", "b1", "b2", "b3", "b4", "t1", "v1")
ANA: tuple[tuple[int, ...] | None, ...] = (
    (2, 2, 3, 2, 1, 2, 2, 2, 0, 3), (3, 2, 3, 2, 1, 2, 3, 2, 0, 3), (3, 3, 2, 3, 1, 3, 2, 2, 1, 3),
    (3, 3, 3, 3, 1, 3, 3, 3, 0, 3),
    (3, 3, 3, 4, 0, 3, 3, 3, 0, 3), (3, 3, 3, 3, 0, 3, 3, 3, 0, 4), None, (4, 3, 3, 4, 0, 3, 4, 4, 0, 3),
    (2, 1, 1, 1, 3, 2, 2, 2, 1, 2), (2, 3, 2, 2, 1, 3, 3, 3, 0, 3),
)  # fmt: skip
BEN: tuple[tuple[int, ...], ...] = (
    (3, 2, 3, 2, 1, 2, 2, 2, 0, 3), (2, 3, 3, 2, 1, 3, 2, 2, 0, 3), (3, 2, 3, 3, 1, 2, 3, 2, 0, 3),
    (3, 3, 3, 4, 1, 3, 3, 3, 0, 3),
    (3, 3, 3, 4, 0, 3, 3, 3, 0, 4), (4, 3, 3, 4, 0, 3, 3, 3, 0, 4), (4, 3, 3, 4, 0, 3, 3, 3, 0, 3),
    (4, 3, 4, 4, 0, 4, 3, 4, 0, 4),
    (4, 3, 3, 4, 0, 4, 3, 4, 0, 4), (3, 3, 3, 3, 1, 3, 2, 2, 0, 3),
)  # fmt: skip
ROOM = ("room", "room", "room", "video", "video", "room", "room", "room", "video", "room", "room")


class Ana(Life):
    """Told as written, without dice where it matters."""

    def client_page(self, session: Session) -> Page | None:
        answers = self._said(ANA, session.number)
        if answers is None:
            return None
        if session.number == 3:
            answers |= {"t2": 3, "t3": ("went_along",)}
        if session.number == 9:
            answers |= {"t2": 3, "t3": ("quiet", "steered_away")}
        page = Page(self.answers("client", session.number, answers))
        self._words(page, session.number)
        page.again = self._again(session)
        if session.number >= 4:
            page.progress = {self.goals[0].uid: {4: 3, 5: 3, 6: 4, 8: 5, 9: 6, 10: 6}.get(session.number, 4)}
            page.progress |= {self.tasks[0].uid: 1 if session.number == 9 else 2}
        if session.number in (5, 10):
            page.picked = [goal.uid for goal in (self.goals[1], self.goals[0])]
        return page

    def therapist_page(self, session: Session) -> Page | None:
        answers = self._said(BEN, session.number)
        if answers is None:
            return None
        answers |= {"g1": answers["b2"], "g2": answers["t1"]}
        page = Page(self.answers("therapist", session.number, answers))
        if session.number <= 3:
            self.write_start(page, session.number, "therapist")
        if session.number in (5, 10):
            page.picked = [goal.uid for goal in (self.goals[2], self.goals[0])]
        if session.number == 9:
            page.say(CHECK_IN, "o1", "The breath before answering.")
            page.reaction = "Ran late today and thought of the next appointment."
        return page

    def talk(self, session: Session) -> None:
        for strain in strains.open_strains(self.dyad).filter(state="opened", session__start__lt=session.start):
            talk_sheet.tick(session, f"strain:{strain.uid}", by=self.therapist)
            step = "Left the sheet out and asked what would fit"
            strains.move(strain, "try_repair", "therapist", by=self.therapist, session=session, step=step)

    def agree(self, session: Session) -> None:
        theme = self.plot.theme
        if session.number == 2:
            self.goals.append(self.propose("goal", theme["goals"][0], "client", seals="both"))
            self.tasks.append(self.propose("task", theme["tasks"][0], "therapist", self.goals[0], "both"))
        if session.number == 3:
            self.propose("problem", str(theme["problem"]), "client", seals="both")
        if session.number == 4:
            self.goals.append(self.propose("goal", theme["goals"][1], "client", seals="client"))
            self.tasks.append(self.propose("task", theme["tasks"][1], "client", self.goals[1], "client"))
            self.goals.append(self.propose("goal", theme["goals"][2], "therapist", seals="therapist"))

    def _modality(self, number: int) -> str:
        return ROOM[min(number, len(ROOM)) - 1]

    def _became(self, number: int) -> str:
        return "held"

    def _said(self, table: tuple[tuple[int, ...] | None, ...], number: int) -> dict[str, Answer] | None:
        answers = table[number - 1] if number <= len(table) else None
        return None if answers is None else dict(zip(ORDER, answers, strict=True))

    def _words(self, page: Page, number: int) -> None:
        theme: Mapping = self.plot.theme
        if number <= 3:
            self.write_start(page, number, "client")
        if number in (3, 9):
            page.say(CHECK_IN, "o2", str(theme["strain_nine" if number == 9 else "strain_three"]))
        elif number == 10:
            page.say(CHECK_IN, "o2", str(theme["differently"]))
        if number in (2, 5, 8):
            page.say(CHECK_IN, "o1", theme["helped"][(number - 2) // 3])

    def _again(self, session: Session) -> list[AskedAgain]:
        stands = {4: (True, "partly"), 5: (True, "settled"), 10: (False, "still_there")}.get(session.number)
        if stands is None:
            return []
        open_now = strains.open_strains(self.dyad).filter(session__start__lt=session.start, opened_by="client")
        return [AskedAgain(strain.uid, stands[0], stands[1], "yes" if stands[0] else "no") for strain in open_now]
