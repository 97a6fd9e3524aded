"""Room by kind."""

from newsmill_shared.database.schema import metadata
from newsmill_shared.database.sizes import by_kind


def test_months_count_as_what_they_are_parts_of_and_the_largest_come_first() -> None:
    tables = [("outcome_2026_01", 3), ("outcome_default", 4), ("version", 9), ("tally", 1)]

    assert list(by_kind(tables).items()) == [("articles", 9), ("history", 7), ("other", 1)]


def test_what_grows_with_the_pages_has_a_kind() -> None:
    growing = {"version", "page_fetch", "outcome", "attempt", "receipt", "event", "fingerprint"}

    kinds = {name: next(iter(by_kind([(name, 1)]))) for name in metadata.tables}

    assert "other" not in {kinds[name] for name in growing}
