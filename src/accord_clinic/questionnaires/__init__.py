"""An instrument becomes a form: questions for a page, and what was posted read back, strictly, into a Submission."""

from accord_clinic.questionnaires.filling import values_of_blocks, values_of_the_rest
from accord_clinic.questionnaires.page import Agreed, Concern, QuestionPage, page
from accord_clinic.questionnaires.questions import Choice, Question, QuestionBlock, QuestionNames, block
from accord_clinic.questionnaires.rating import RatingParts, rating_parts
from accord_clinic.questionnaires.reading import Reader, Reading, read
from accord_clinic.questionnaires.showing import (
    ReviewRow,
    answers_in_words,
    keeping,
    last_screen_html,
    questions_html,
    review_html,
)

__all__ = [
    "Agreed", "Choice", "Concern", "QuestionPage", "Question", "QuestionBlock", "QuestionNames", "Reader", "Reading",
    "RatingParts", "ReviewRow",
    "answers_in_words", "block", "keeping", "last_screen_html", "page", "questions_html", "rating_parts", "read",
    "review_html", "values_of_blocks", "values_of_the_rest",
]  # fmt: skip
