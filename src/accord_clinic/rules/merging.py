"""Why two records that may be one person cannot be merged, and which consents would end."""

from accord_clinic.models import Client, Consent, Terms
from accord_clinic.records.caseload import folded

AskedFor = tuple[str, str, int | None]
"""What a consent is to: its purpose, whose voice, and the program that may read, where that is the purpose."""


def obstacles(main: Client, other: Client) -> list[str]:
    """Why these two cannot be merged, as sentences; empty where they can."""
    why = []
    if main.pk == other.pk:
        why.append("These are the same record. Choose two.")
    if main.locked_at or other.locked_at:
        why.append("One of them has asked for erasure. That is decided first.")
    for name, called in (("email", "e-mail address"), ("phone", "telephone number")):
        first, second = getattr(main, name), getattr(other, name)
        if first and second and folded(first) != folded(second):
            why.append(
                f"They have different values for the {called}. Whoever reads there would read both: ask the client, "
                "and put one of them right first."
            )
    if main.born and other.born and main.born != other.born:
        why.append("They have different years of birth. Put one of them right first, or they are two people.")
    if main.language != other.language:
        why.append("They have different languages. Put one of them right first.")
    terms = [Terms.objects.filter(client=client).first() for client in (main, other)]
    if all(terms) and _terms(terms[0]) != _terms(terms[1]):
        why.append("It differs who agrees, or who learns what. Make that the same in both first.")
    return why + _contradicting_consents(main, other)


def _terms(row: Terms | None) -> tuple[object, ...]:
    return () if row is None else (row.consents, row.guardian_learns, row.by_order, row.order_learns)


def _standing(client: Client) -> dict[AskedFor, bool]:
    """Whether each consent stands now; what was never given is not there."""
    stands: dict[AskedFor, bool] = {}
    for purpose, voice, program, withdrawn in client.consents.values_list("purpose", "by", "recipient", "withdrawn_at"):
        asked = purpose, voice, program
        stands[asked] = stands.get(asked, False) or withdrawn is None
    return stands


def _contradicting_consents(main: Client, other: Client) -> list[str]:
    first, second = _standing(main), _standing(other)
    names = dict(Consent.PURPOSES)
    differ = sorted({str(names[key[0]]) for key in first.keys() & second.keys() if first[key] != second[key]})
    if not differ:
        return []
    return [f"One record agrees to {', '.join(differ)} and the other took it back. Ask the client to say it in both."]


def stand_in_one_alone(main: Client, other: Client) -> list[AskedFor]:
    """Consents, but for care, that only one of the two records has: they end, and can be given again."""
    first, second = _standing(main), _standing(other)
    alone = (first.keys() | second.keys()) - (first.keys() & second.keys())
    return [key for key in alone if key[0] != "care" and (first.get(key) or second.get(key))]
