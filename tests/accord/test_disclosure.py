"""Small numbers stay home: no kept-back count can be had from what is printed, by subtraction or by any other sum."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from accord.disclosure import suppress, suppress_facts


def a_table(rows):
    """A table with its row and column totals and the grand total, as counts and sums."""
    counts, sums = {}, []
    width = len(rows[0])
    for i, row in enumerate(rows):
        counts |= {f"{i}.{j}": n for j, n in enumerate(row)} | {f"{i}.all": sum(row)}
        sums.append((f"{i}.all", [f"{i}.{j}" for j in range(width)]))
    for j in [*range(width), "all"]:
        counts[f"all.{j}"] = sum(counts[f"{i}.{j}"] for i in range(len(rows)))
        sums.append((f"all.{j}", [f"{i}.{j}" for i in range(len(rows))]))
    return counts, sums


def largest_possible(counts, sums, kept, cell):
    """The largest number that `cell` could be, from everything that is printed."""
    names = list(counts)
    bounds = [(1, None) if name in kept else (counts[name], counts[name]) for name in names]
    equations = np.zeros((len(sums), len(names)))
    for row, (total, parts) in enumerate(sums):
        equations[row, names.index(total)] = -1
        for part in parts:
            equations[row, names.index(part)] += 1
    cost = [-(name == cell) for name in names]
    end = linprog(cost, A_eq=equations, b_eq=np.zeros(len(sums)), bounds=bounds)
    return np.inf if end.status == 3 else -end.fun


def is_safe(counts, sums):
    """A small count that could be 10 or more is not known: it could also be what it is."""
    kept = suppress(counts, sums)
    small = {name for name, n in counts.items() if 0 < n < 10}
    assert small <= kept
    for cell in small:
        assert largest_possible(counts, sums, kept, cell) >= 10 - 1e-6, cell


def test_large_counts_and_zeros_are_printed():
    counts, sums = a_table([[40, 12], [0, 55]])
    assert suppress(counts, sums) == frozenset()


def test_one_small_count_needs_company_or_the_total_gives_it_away():
    counts = {"room": 40, "video": 30, "phone": 4, "all": 74}
    kept = suppress(counts, [("all", ["room", "video", "phone"])])
    assert kept == {"phone", "video"}


def test_a_small_total_is_kept_back_with_its_cells():
    counts = {"yes": 4, "no": 3, "all": 7}
    assert suppress(counts, [("all", ["yes", "no"])]) == {"yes", "no", "all"}


def test_two_small_counts_do_not_shield_each_other_when_their_sum_is_small():
    counts = {"a": 1, "b": 1, "c": 50, "all": 52}
    assert suppress(counts, [("all", ["a", "b", "c"])]) == {"a", "b", "c"}


def test_the_complement_of_a_share_counts_as_a_cell():
    counts = {"answered": 58, "not": 2, "held": 60}
    assert "answered" in suppress(counts, [("held", ["answered", "not"])])


def test_two_tables_with_one_total_cannot_be_played_off_against_each_other():
    months = {"jan": 30, "feb": 4, "mar": 40}
    rooms = {"room": 44, "video": 30}
    counts = {**months, **rooms, "all": 74}
    sums = [("all", list(months)), ("all", list(rooms))]
    is_safe(counts, sums)
    assert {"room", "video", "all"}.isdisjoint(suppress(counts, sums))


small_counts = st.integers(0, 30)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(small_counts, min_size=width, max_size=width), min_size=1, max_size=4)
)


@settings(max_examples=120, derandomize=True)
@given(tables)
def test_no_table_gives_a_small_count_away(rows):
    is_safe(*a_table(rows))


@settings(max_examples=60, derandomize=True)
@given(st.lists(st.tuples(small_counts, small_counts, small_counts, small_counts), min_size=2, max_size=4))
def test_no_pair_of_linked_tables_does(months):
    """By month and by modality at once, with a share in each: yes and no over the same sessions."""
    counts, sums = {}, []
    for keep in (lambda m, k: f"m{m}", lambda m, k: f"k{k}"):
        for m, row in enumerate(months):
            for k, (yes, no) in enumerate((row[:2], row[2:])):
                for name, n in (("yes", yes), ("no", no)):
                    counts[f"{keep(m, k)}.{name}"] = counts.get(f"{keep(m, k)}.{name}", 0) + n
        rows = sorted({keep(m, k) for m in range(len(months)) for k in range(2)})
        for row in rows:
            counts[f"{row}.n"] = counts[f"{row}.yes"] + counts[f"{row}.no"]
            sums.append((f"{row}.n", [f"{row}.yes", f"{row}.no"]))
        for name in ("yes", "no", "n"):
            counts[f"all.{name}"] = sum(counts[f"{row}.{name}"] for row in rows)
            sums.append((f"all.{name}", [f"{row}.{name}" for row in rows]))
    is_safe(counts, sums)


GUESSES = np.array(list(product(range(10), repeat=4)))


@settings(max_examples=120, derandomize=True)
@given(st.lists(st.integers(0, 4), min_size=4, max_size=4))
def test_counting_all_tables_that_fit_agrees(cells):
    """The slow, obvious way for a 2 × 2 table with a limit of 3: list every table of whole numbers that fits."""
    counts, sums = a_table([cells[:2], cells[2:]])
    kept = suppress(counts, sums, least=3)
    tables = dict(zip(["0.0", "0.1", "1.0", "1.1"], GUESSES.T, strict=True))
    for total, parts in sums:
        tables[total] = sum(tables[part] for part in parts)
    fits = np.all([tables[c] >= 1 if c in kept else tables[c] == n for c, n in counts.items()], axis=0)
    assert all(tables[cell][fits].max() >= 3 for cell, n in counts.items() if 0 < n < 3)


@pytest.mark.parametrize(
    ("counts", "sums", "says"),
    [
        ({"a": -1}, [], "below zero"),
        ({"a": 3, "all": 4}, [("all", ["a"])], "add up to 3"),
        ({"a": 3}, [("all", ["a"])], "without a count: all"),
    ],
)
def test_what_cannot_be_is_refused(counts, sums, says):
    with pytest.raises(ValueError, match=says):
        suppress(counts, sums)


FACTS = st.tuples(st.sampled_from("xyz"), st.sampled_from(["p", "q", ""]), st.sampled_from("abcde"))
RECORDS = st.lists(st.tuples(FACTS, st.integers(0, 30), st.integers(0, 4)), min_size=1, max_size=80)


@given(RECORDS, st.integers(1, 5), st.integers(1, 3))
def test_whatever_is_told_of_people_is_shared_by_enough_of_them(rows, clients, therapists):
    facts, ours, theirs = zip(*rows, strict=True)
    if len(set(ours)) < clients or len(set(theirs)) < therapists:
        with pytest.raises(ValueError, match="facts are told of"):
            suppress_facts(facts, (ours, clients), (theirs, therapists))
        return
    told = suppress_facts(facts, (ours, clients), (theirs, therapists))
    for row in set(told):
        assert len({who for who, one in zip(ours, told, strict=True) if one == row}) >= clients
        assert len({who for who, one in zip(theirs, told, strict=True) if one == row}) >= therapists
    for before, after in zip(facts, told, strict=True):
        assert all(after_cell in (before_cell, "") for before_cell, after_cell in zip(before, after, strict=True))
    assert told == one_value_at_a_time(facts, (ours, clients), (theirs, therapists))


def one_value_at_a_time(facts, *sharers):
    """The slow, obvious way: among those alike so far, hide what too few share, then the rarest, until it is enough."""
    told = [()] * len(facts)
    for column in range(len(facts[0])):
        before = list(told)
        for start in set(before):
            alike = [i for i in range(len(facts)) if before[i] == start]

            def counts(values, alike=alike, column=column):
                return [len({who[i] for i in alike if facts[i][column] in values}) for who, _least in sharers]

            def enough(values, counts=counts):
                return all(n >= least for n, (_who, least) in zip(counts(values), sharers, strict=True))

            values = {facts[i][column] for i in alike}
            hidden = {value for value in values if value == "" or not enough({value})}
            while hidden and not enough(hidden):
                hidden.add(min(values - hidden, key=lambda value: (counts({value}), value)))
            for i in alike:
                told[i] = (*start, "" if facts[i][column] in hidden else facts[i][column])
    return told


def test_facts_that_enough_people_share_are_told():
    facts = [("room", "cbt")] * 3 + [("room", "systemic")] * 3 + [("video", "cbt")] * 2 + [("phone", "cbt")]
    told = suppress_facts(facts, (range(9), 3))
    assert told == [("room", "cbt")] * 3 + [("room", "systemic")] * 3 + [("", "cbt")] * 3


def test_the_next_larger_value_goes_too_where_one_alone_would_stand_out():
    told = suppress_facts([("room",)] * 4 + [("video",)] * 3 + [("phone",)], (range(8), 3))
    assert told == [("room",)] * 4 + [("",)] * 4


def test_somebody_with_several_records_counts_once():
    assert suppress_facts([("room",), ("video",), ("video",)], (["ana", "kim", "kim"], 2)) == [("",)] * 3


def test_what_one_therapist_alone_does_is_not_told_of_many_clients():
    facts, therapists = [("cbt",)] * 4 + [("systemic",)] * 4, ["ben", "eve"] * 2 + ["ben"] * 4
    assert suppress_facts(facts, (range(8), 2)) == facts
    assert suppress_facts(facts, (range(8), 2), (therapists, 2)) == [("",)] * 8


def test_each_row_needs_a_sharer():
    with pytest.raises(ValueError, match="2 rows of facts and 1 sharers"):
        suppress_facts([("room",), ("room",)], (["ana"], 1))
