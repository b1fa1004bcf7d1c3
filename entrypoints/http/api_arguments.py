"""The parameters that a request gave, read as what they must be."""

from collections.abc import Iterable, Sequence

from application.find_row import RowName
from application.quarantine_ledger import QuarantineQuery
from application.trail_query import Place
from entrypoints.http.api_parameters import (
    MAX_LIMIT,
    MOST_CHARACTERS,
    BadParameterError,
    Filters,
    read_filters,
    read_flag,
    read_limit,
    read_place,
    read_table,
    read_time,
    shown,
)

_INT8 = 2**63 - 1


class Arguments:
    """
    Reads parameters.

    Args:
        items: Names and values as they came.
        allowed: Names that the operation knows.

    Raises:
        BadParameterError: There is an unknown one, an empty one, one twice, or NUL in one.
    """

    def __init__(self, items: Iterable[tuple[str, str]], allowed: Sequence[str]) -> None:
        self._given: dict[str, str] = {}
        for name, value in items:
            if name not in allowed:
                known = f"Known are {', '.join(allowed)}." if allowed else "There are none."
                raise BadParameterError(name, f"is unknown. {known}")
            if name in self._given:
                raise BadParameterError(name, "is given more than once. Give it once.")
            if "\0" in value or len(value) > MOST_CHARACTERS:
                raise BadParameterError(
                    name, f"must be at most {MOST_CHARACTERS} characters, without NUL."
                )
            self._given[name] = value.strip()
            if not self._given[name]:
                raise BadParameterError(name, "is empty: give a value, or leave it out.")

    def filters(self) -> Filters:
        """The filters among them."""
        names = Filters.__struct_fields__
        return read_filters((n, v) for n, v in self._given.items() if n in names)

    def text(self, name: str) -> str | None:
        """A text; None where it was not given."""
        return self._given.get(name)

    def needed(self, name: str) -> str:
        """A text that must be there."""
        found = self.text(name)
        if found is None:
            raise BadParameterError(name, "is missing: the answer depends on it.")
        return found

    def one_of(self, name: str, words: Sequence[str]) -> str:
        """One of some words; the first where none was given."""
        word = self.text(name) or words[0]
        if word not in words:
            raise BadParameterError(
                name, f"`{shown(word)}` is none of the words {', '.join(words)}."
            )
        return word

    def flag(self, name: str) -> bool:
        """True or false; false where it was not given."""
        return read_flag(name, self._given.get(name, ""))

    def either(self, name: str) -> bool | None:
        """True, false, or None where it was not given."""
        return self.flag(name) if self.text(name) else None

    def time(self, name: str) -> int | None:
        """A time; microseconds since 1970, UTC."""
        text = self.text(name)
        return None if text is None else read_time(name, text)

    def needed_time(self, name: str) -> int:
        """A time that must be there."""
        return read_time(name, self.needed(name))

    def place(self, name: str = "before") -> Place | None:
        """A place in the order of reading."""
        text = self.text(name)
        return None if text is None else read_place(text)

    def limit(self, usual: int, most: int = MAX_LIMIT) -> int:
        """How many at most."""
        text = self.text("limit")
        return usual if text is None else read_limit(text, most)

    def number(self, name: str) -> int | None:
        """The number of an entry, from 1."""
        text = self.text(name)
        return None if text is None else entry_number(name, text)

    def row(self) -> RowName:
        """The row that is asked for."""
        table, key = self.needed("table"), self.needed("key")
        schema, bare = read_table(table)
        return RowName(
            record_key=key,
            source_table=bare,
            source_schema=schema,
            source_database=self.text("database"),
            source_name=self.text("source"),
        )

    def table(self) -> RowName:
        """The table that is asked for."""
        schema, bare = read_table(self.needed("table"))
        return RowName(
            record_key="",
            source_table=bare,
            source_schema=schema,
            source_database=self.text("database"),
            source_name=self.text("source"),
        )

    def quarantined(self) -> QuarantineQuery:
        """The entries of the quarantine that are asked for."""
        return QuarantineQuery(
            topic=self.text("topic"),
            error_type=self.text("error_type"),
            since=self.time("since"),
            until=self.time("until"),
            is_open=self.either("open"),
            behind=self.number("before"),
            limit=self.limit(50),
        )


def entry_number(name: str, text: str) -> int:
    """
    Read the number of an entry.

    Raises:
        BadParameterError: It is none.
    """
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(_INT8))
    number = int(text) if is_number else 0
    if not 1 <= number <= _INT8:
        raise BadParameterError(name, f"`{shown(text)}` is no number of an entry.")
    return number
