"""What a schema registry of the tests holds: schemas, their ids, and where they stand."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

GLOBAL_ID_OFFSET = 1000
"""Apicurio counts contents and artifact versions apart: here they never agree."""


class Entry(msgspec.Struct, frozen=True):
    """
    A schema under a subject.

    Attributes:
        id: Confluent's id, and Apicurio's id of the content.
        subject: Confluent's subject, and Apicurio's artifact in the group ``default``.
        version: Its version there, from 1.
        kind: ``AVRO``, ``PROTOBUF``, ``JSON``, ``KCONNECT``, or whatever else.
        text: The schema.
        references: As Confluent's API has them: name, subject, version.
        serialized: For Protobuf, the compiled form, where the registry can give it.
    """

    id: int
    subject: str
    version: int
    kind: str
    text: str
    references: Sequence[Mapping[str, Any]] = ()
    serialized: str | None = None

    @property
    def guid(self) -> str:
        """Confluent's GUID of the content."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, str(self.id)))

    @property
    def global_id(self) -> int:
        """Apicurio's id of the version."""
        return GLOBAL_ID_OFFSET + self.id

    def reference(self, name: str) -> Mapping[str, Any]:
        """How another schema refers to this one, in Confluent's words."""
        return {"name": name, "subject": self.subject, "version": self.version}


class RegistryContents:
    """The entries, in the order in which they came."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def register(
        self,
        subject: str,
        text: str,
        *,
        kind: str = "AVRO",
        references: Sequence[Mapping[str, Any]] = (),
        serialized: str | None = None,
    ) -> Entry:
        """Add a schema to a subject; the same one again is the same entry."""
        same = [e for e in self.entries if (e.kind, e.text) == (kind, text)]
        for entry in same:
            if entry.subject == subject:
                return entry
        entry = Entry(
            id=same[0].id if same else len(self.entries) + 1,
            subject=subject,
            version=1 + sum(e.subject == subject for e in self.entries),
            kind=kind,
            text=text,
            references=tuple(references),
            serialized=serialized,
        )
        self.entries.append(entry)
        return entry

    def by_id(self, number: int) -> Entry | None:
        """The entry with this id."""
        return next((e for e in self.entries if e.id == number), None)

    def by_global_id(self, number: int) -> Entry | None:
        """The entry with this one of Apicurio's global ids."""
        return next((e for e in self.entries if e.global_id == number), None)

    def by_guid(self, guid: str) -> Entry | None:
        """The entry with this GUID."""
        return next((e for e in self.entries if e.guid == guid), None)

    def at(self, subject: str, version: str) -> Entry | None:
        """The entry at this version of a subject, a number or ``latest``."""
        of_subject = [e for e in self.entries if e.subject == subject]
        if version == "latest":
            return of_subject[-1] if of_subject else None
        return next((e for e in of_subject if str(e.version) == version), None)
