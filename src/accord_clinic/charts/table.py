"""The numbers of a course's picture as a table of text, for whoever does not see it."""

from __future__ import annotations

from collections.abc import Sequence

from accord_clinic.charts.types import CourseTable, Panel, SessionMark, StrainSpan, Values, Words


def course_table(
    sessions: Sequence[SessionMark], panels: Sequence[Panel], strains: Sequence[StrainSpan], words: Words
) -> CourseTable:
    """The numbers of the picture as text: here too a closed session says nothing, and a missing answer says so."""
    voices = [
        (panel, values, f"{panel.name}, {name}")
        for panel in panels
        for values, name in ((panel.client, words.client), (panel.therapist, words.therapist))
        if values
    ]
    rows = []
    for session in sorted(sessions, key=lambda s: s.number):
        cells = [_cell(session, values, panel, words) for panel, values, _ in voices]
        when = f"{session.number} · {session.when}" if session.when else str(session.number)
        rows.append((when, session.modality, *cells, _turns_in_words(session.number, strains, words)))
    return CourseTable((words.session, words.modality, *(head for _, _, head in voices), words.strain), tuple(rows))


def _cell(session: SessionMark, values: Values, panel: Panel, words: Words) -> str:
    value = values.get(session.number)
    if value is not None:
        return f"{value:.{panel.decimals}f}"
    if not session.revealed:
        return words.not_open_yet
    return words.no_answer if session.asked and session.number in values else words.not_asked


def _turns_in_words(number: int, strains: Sequence[StrainSpan], words: Words) -> str:
    turns = [
        word
        for strain in strains
        for at, word in (
            (strain.opened, words.opened),
            (strain.talked_about, words.talked_about),
            (strain.settled, words.settled),
        )
        if at == number
    ]
    return ", ".join(turns) or words.not_asked
