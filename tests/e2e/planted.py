"""Values that must not leave the trail, planted wherever a record or a setting has a value."""

import base64
from collections.abc import Mapping, Sequence

from domain.disposition import Disposition
from tests.e2e.messages import FIRST_CHANGE_MS, TABLE, Message

_SCHEMA_OF_ROW = (
    '{"type":"struct","optional":true,"fields":[{"type":"int32","optional":false,"field":"id"},'
    '{"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal",'
    '"parameters":{"scale":"2"},"field":"total"}],"field":"%s"}'
)


class Planted:
    """
    Makes marked values, and looks for them.

    Attributes:
        marks: The values that were made, by where they were planted.
    """

    def __init__(self) -> None:
        self.marks: dict[str, str] = {}

    def value(self, where: str) -> str:
        """A value that occurs nowhere else, for the place `where`."""
        mark = f"zq{len(self.marks):02}planted{where.replace(' ', '')}zq"
        self.marks[where] = mark
        return mark

    def found_in(self, outputs: Mapping[str, bytes]) -> Sequence[str]:
        """Where each mark is in `outputs`, as it is, in base64 or in hexadecimals."""
        return [
            f"{where!r} in {name}: ...{_around(output, form)}..."
            for name, output in outputs.items()
            for where, mark in self.marks.items()
            for form in _forms(mark)
            if form in output
        ]

    def messages(self) -> Sequence[Message]:
        """Records that are good, poison of each kind, refused by the database, and too large."""
        good = self._change(self._row("good row"), key=f'{{"id":"{self.value("good key")}"}}')
        return (
            good,
            self._poison("cut off", self._change(self._row("cut off row")).value, cut=40),
            self._poison("no text", f'{{"op":"{self.value("broken text")}'.encode() + b"\xff\x00"),
            self._poison("no json", self.value("no json at all").encode()),
            self._poison("wrong operation", self._envelope("{}", op=self.value("operation"))),
            self._poison("wrong row", self._envelope(f'"{self.value("row that is a text")}"')),
            self._poison("wrong source", self._with_source(self.value("source time"))),
            self._poison("wrong number", self._with_schema(f'"{self.value("no number")}"', "AQ==")),
            self._poison("wrong decimal", self._with_schema("1", self.value("no base64") + "!")),
            self._poison(
                "escapes", self._change(self._row("bad escape").replace("zq", "\\x")).value
            ),
            self._poison("wrong key", good.value, key=b"{" + self.value("broken key").encode()),
            self._refused(),
            self._too_large(),
        )

    def _row(self, where: str) -> str:
        return f'{{"id":1,"customer":"{self.value(where)}","{self.value(where + " column")}":1}}'

    def _change(self, row: str, *, key: str = '{"id":1}') -> Message:
        return Message(key=key.encode(), value=self._envelope(row), disposition=Disposition.AUDITED)

    def _poison(
        self, name: str, value: bytes | None, *, key: bytes | None = None, cut: int = 0
    ) -> Message:
        key = key or f'{{"id":"{self.value(f"key of {name}")}"}}'.encode()
        value = (value or b"")[: -cut or None]
        return Message(key=key, value=value, disposition=Disposition.QUARANTINED)

    def _refused(self) -> Message:
        """What `refuse_users` refuses."""
        value = self._envelope(self._row("refused row"), user="refused")
        key = f'{{"id":"{self.value("refused key")}"}}'.encode()
        return Message(key=key, value=value, disposition=Disposition.QUARANTINED)

    def _too_large(self) -> Message:
        value = self._envelope(self._row("too large row")) + b" " * LARGE
        key = f'{{"id":"{self.value("too large key")}"}}'.encode()
        return Message(key=key, value=value, disposition=Disposition.QUARANTINED)

    def _with_source(self, time: str) -> bytes:
        return self._envelope("{}").replace(b'"ts_ms":', f'"ts_ms":"{time}","was":'.encode())

    def _with_schema(self, number: str, total: str) -> bytes:
        fields = ",".join(_SCHEMA_OF_ROW % name for name in ("before", "after"))
        row = f'{{"id":{number},"total":"{total}"}}'
        payload = self._envelope(row).decode()
        schema = f'{{"type":"struct","fields":[{fields}],"optional":false,"name":"shop.Envelope"}}'
        return f'{{"schema":{schema},"payload":{payload}}}'.encode()

    def _envelope(self, row: str, *, op: str = "c", user: str = "") -> bytes:
        table = f"{TABLE}_{user}" if user else TABLE
        source = (
            f'{{"version":"3.6.3.Final","connector":"postgresql","name":"shop","db":"shop",'
            f'"ts_ms":{FIRST_CHANGE_MS},"snapshot":"false","schema":"public","table":"{table}",'
            f'"txId":7,"lsn":24000000,"sequence":null,"xmin":null}}'
        )
        return (
            f'{{"before":null,"after":{row},"source":{source},"transaction":null,'
            f'"op":"{op}","ts_ms":{FIRST_CHANGE_MS}}}'
        ).encode()


LARGE = 100_000
"""More bytes than a record may have in these tests."""

REFUSING = (
    f"ALTER TABLE audit_logging ADD CONSTRAINT too_strict "
    f"CHECK (source_table <> '{TABLE}_refused') NOT VALID"
)
"""Makes the database refuse the one record, with a message whose details quote the row."""


def _forms(mark: str) -> Sequence[bytes]:
    text = mark.encode()
    return (text, base64.b64encode(text)[:-4], text.hex().encode())


def _around(output: bytes, form: bytes) -> str:
    at = output.index(form)
    return output[max(0, at - 120) : at + 80].decode("utf-8", "replace")
