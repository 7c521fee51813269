"""How a user of a care record and a member stand to each other."""

from collections.abc import Collection


def tie_of(ties: Collection[tuple[str, int]], user: str, member: int) -> str:
    """`theirs`, `none`, or a code for why they do not fit. `ties`: what is known of this user or this member."""
    if set(ties) == {(user, member)}:
        return "theirs"
    if not ties:
        return "none"
    return "another_member" if any(tied == user for tied, _member in ties) else "another_user"
