"""How hard a text is to read: a grade of school for English and for German, from syllables and the length of sentences.

Syllables are groups of vowels, without a silent e in English: close enough for grades, and nothing to download.
"""

import re

VOWELS = {"en": "aeiouy", "de": "aeiouyäöü"}


def grade(sentences: list[str], language: str) -> float:
    """Flesch–Kincaid (Kincaid et al. 1975), or the first Wiener Sachtextformel (Bamberger & Vanecek 1984)."""
    words = [word for text in sentences for word in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text)]
    syllables = [_syllables(word.lower(), language) for word in words]
    length = len(words) / len(sentences)
    if language == "en":
        return 0.39 * length + 11.8 * sum(syllables) / len(words) - 15.59
    share = 100 / len(words)
    many, short = sum(n >= 3 for n in syllables) * share, sum(n == 1 for n in syllables) * share
    long_words = sum(len(word) > 6 for word in words) * share
    return 0.1935 * many + 0.1672 * length + 0.1297 * long_words - 0.0327 * short - 0.875


def _syllables(word: str, language: str) -> int:
    groups = re.findall(f"[{VOWELS[language]}]+", word)
    if language == "de":
        return max(1, sum(len(re.findall("ei|ie|eu|äu|au|ai|ee|aa|oo|.", group)) for group in groups))
    silent = word.endswith("e") and not word.endswith(("le", "ee", "ie"))
    silent = silent or (word.endswith("ed") and word[-3:-2] not in "td")
    return max(1, len(groups) - bool(silent))
