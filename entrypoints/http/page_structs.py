"""What the templates are given: plain text and links, ready made. Nothing here is markup."""

from collections.abc import Sequence

import msgspec

from entrypoints.http.page_values import Brief, ValueView


class TimeView(msgspec.Struct, frozen=True):
    """A time: `exact` for machines and titles, the rest for people."""

    exact: str
    precise: str
    clock: str
    day: str
    ago: str


class SummaryPart(msgspec.Struct, frozen=True):
    """A column in a list of changes; `old` is None where only the new value is told."""

    name: str
    old: Brief | None
    new: Brief


class RowView(msgspec.Struct, frozen=True, kw_only=True):
    """
    A change in a list.

    `order` sorts as text in the order of the trail; `is_same` is an update that left every column
    as it was.
    """

    id: str
    url: str
    place: str
    order: str
    time: TimeView
    operation: str
    sign: str
    meaning: str
    table: str
    schema: str | None
    bare_table: str
    table_url: str | None
    key: str | None
    key_url: str | None
    user: str | None
    summary: Sequence[SummaryPart]
    more: int
    is_same: bool
    before_unknown: bool


class ColumnView(msgspec.Struct, frozen=True, kw_only=True):
    """A column of one change."""

    name: str
    is_key: bool
    status: str
    status_word: str
    old: ValueView
    new: ValueView


class Nothing(msgspec.Struct, frozen=True):
    """What stands where an image has no value of a column. Not known is not the same as none."""

    meaning: str
    is_known: bool = True


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is known of a change, `url` for more like it, `remark` in small."""

    name: str
    text: str
    url: str | None = None
    remark: str | None = None
    is_code: bool = False
    time: TimeView | None = None


class RawText(msgspec.Struct, frozen=True):
    """A stored JSON text, to be unfolded."""

    name: str
    text: str


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """One change, opened."""

    row: RowView
    columns: Sequence[ColumnView]
    quiet_columns: int
    no_old: Nothing
    no_new: Nothing
    before_image: str
    before_is_complete: bool
    remedy: str | None
    facts: Sequence[Fact]
    raw: Sequence[RawText]
