"""Record headers: as stored, and the few that carry meaning for the decoder."""

from collections.abc import Sequence

import msgspec

from adapters.debezium.schema_names import SchemaName, named_in_headers

Headers = Sequence[tuple[str, bytes | None]]

_CONSTANT = "__debezium.context."
_OLD_KEY = "__debezium.oldkey"
_DEAD_LETTER = "__connect.errors."

_encode = msgspec.json.Encoder().encode


class HeaderLook(msgspec.Struct, frozen=True, gc=False):
    """
    What is to know of a record's headers.

    Attributes:
        stored: The headers as a JSON array of [name, value] pairs, without Debezium's constant
            ones; None when none is left. A value is its text. One that is no text for a database
            (not UTF-8, or with a NUL in it) is ``{"hex": "00ff"}`` instead; a null stays null.
        follows_key_change: Whether the record creates a row under a new key.
        is_dead_letter: Whether Kafka Connect put the record aside after an error.
        key_schema: The schema of the key in a registry, where they name it.
        value_schema: Likewise of the value.
        has_id: Whether there is a header `id`, as outbox records have.
    """

    stored: str | None = None
    follows_key_change: bool = False
    is_dead_letter: bool = False
    key_schema: SchemaName | None = None
    value_schema: SchemaName | None = None
    has_id: bool = False

    @property
    def has_meaning(self) -> bool:
        """Whether a record with these headers is decoded in another way than without."""
        return (
            self.follows_key_change
            or self.is_dead_letter
            or self.key_schema is not None
            or self.value_schema is not None
        )


_NOTHING = HeaderLook()


class HeaderReader:
    """Looks at headers; the last look is kept, since most records carry the same ones."""

    def __init__(self) -> None:
        self._last: Headers = ()
        self._look = _NOTHING

    def look(self, headers: Headers) -> HeaderLook:
        """What is to know of `headers`."""
        if not headers:
            return _NOTHING
        if headers != self._last:
            self._look = _looked_at(headers)
            self._last = headers
        return self._look


def _looked_at(headers: Headers) -> HeaderLook:
    names = [name for name, _ in headers]
    pairs = [
        (
            _storable(name.encode("utf-8", "surrogatepass")),
            None if value is None else _storable(value),
        )
        for name, value in headers
        if not name.startswith(_CONSTANT)
    ]
    return HeaderLook(
        stored=_encode(pairs).decode() if pairs else None,
        follows_key_change=_OLD_KEY in names,
        is_dead_letter=any(name.startswith(_DEAD_LETTER) for name in names),
        key_schema=named_in_headers(headers, "key"),
        value_schema=named_in_headers(headers, "value"),
        has_id="id" in names,
    )


def _storable(value: bytes) -> str | dict[str, str]:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return {"hex": value.hex()}
    return {"hex": value.hex()} if "\0" in text else text
