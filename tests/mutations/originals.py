"""
What is damaged: every example of the reference, and every record of every recording.

They come by shape: a recording is one, and the examples that expect the same are one. The records
of a shape share a decoder, with whatever registry they need.
"""

import json
import re
from collections.abc import Sequence
from functools import cached_property

import msgspec

from adapters.debezium.decoder import DebeziumDecoder
from domain.consumed import RawRecord
from domain.redaction import ColumnRule, RuleAction
from tests.mutations.json_spans import Spans, spans_of
from tests.unit.debezium.examples import EXAMPLES, Example
from tests.unit.debezium.recordings import NAMES, RECORDED, decoder_of, recording, registered
from tests.unit.debezium.sql_types import TABLE

_USUAL_SIZE = 4_096
_TYPED = {
    "04-pg-types-default": "public.types",
    "05-pg-types-connect": "public.types",
    "17-mariadb-default": "m17.types",
}
_RULED = ("04-pg-types-default-schemas", "09-pg-messages", "16-pg-edge", "19-pg-avro-types")


class Original(msgspec.Struct, frozen=True, dict=True):
    """
    A record as a connector sent it.

    Attributes:
        record: The record.
    """

    record: RawRecord

    @cached_property
    def value_spans(self) -> Spans:
        """Where the parts of its value are, if that is JSON."""
        return spans_of(self.record.value or b"")

    @cached_property
    def key_spans(self) -> Spans:
        """Where the parts of its key are, if that is JSON."""
        return spans_of(self.record.key or b"")

    @property
    def weight(self) -> float:
        """How often it is chosen: large ones more rarely, since they take their time."""
        return min(1.0, _USUAL_SIZE / (1 + len(self.record.value or b"")))


class Shape(msgspec.Struct, frozen=True, dict=True):
    """
    Records of one shape.

    Attributes:
        name: What they have in common.
        originals: The records.
        decoder: Decodes them.
    """

    name: str
    originals: Sequence[Original]
    decoder: DebeziumDecoder

    @cached_property
    def weights(self) -> Sequence[float]:
        """How often each is chosen."""
        return [original.weight for original in self.originals]


def every_shape() -> Sequence[Shape]:
    """All shapes, always in the same order."""
    return [
        *_of_examples(),
        *(_of_recording(name) for name in NAMES),
        *(_with_types(name) for name in _TYPED),
        *(_with_rules(name) for name in _RULED),
    ]


def _of_recording(name: str) -> Shape:
    return Shape(name, [Original(record) for record in recording(name)], decoder_of(name))


def _with_types(name: str) -> Shape:
    """A recording without schemas, its types configured as its set-up has them."""
    setup = json.loads((RECORDED / f"{name}.truth.json").read_text("utf-8"))["setup"]
    inside = next(match[2] for match in TABLE.finditer(setup) if match[1].endswith("types"))
    columns = [column.strip().partition(" ") for column in re.split(r",(?![^(]*\))", inside)]
    types = {own: re.split(" PRIMARY | DEFAULT | AS ", kind)[0] for own, _, kind in columns}
    decoder = DebeziumDecoder(column_types={_TYPED[name]: types})
    return Shape(f"{name}, types known", _of_recording(name).originals, decoder)


def _with_rules(name: str) -> Shape:
    """A recording whose columns are masked, dropped and hidden."""
    rules = [
        ColumnRule("n*", action=RuleAction.DROP),
        ColumnRule("t*", action=RuleAction.HIDE),
        ColumnRule("j*.*"),
        ColumnRule("c*"),
    ]
    decoder = DebeziumDecoder(rules=rules, mask_well_known=True, schemas=registered(name))
    return Shape(f"{name}, with rules", _of_recording(name).originals, decoder)


def _of_examples() -> Sequence[Shape]:
    alike: dict[str, list[Example]] = {}
    for example in EXAMPLES:
        name = example.name if example.registry else str(example.expect["kind"])
        alike.setdefault(f"example: {name}", []).append(example)
    return [
        Shape(name, [Original(example.record) for example in examples], examples[0].decoder())
        for name, examples in sorted(alike.items())
    ]
