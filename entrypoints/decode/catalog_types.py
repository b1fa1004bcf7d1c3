"""
Types of columns for records without schema, from the source's catalog: as the service learns them.

    a record has something undecoded ──▶ catalog, asked once ──▶ the same record, decoded by it
"""

import asyncio
import sys

from application.ports import RecordDecoder
from application.source_types import ColumnTypeCatalog, learn
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord
from domain.control import ControlMessage, SkippedRecord
from domain.errors import RepositoryError
from domain.operation import ValueNote
from domain.source_types import SourceTypes

_NO_STREAM = 0
_UNDECODED = f'"{ValueNote.UNDECODED}"'


class CatalogTypes:
    """
    Decodes, and asks the catalog at the first record that needs it.

    Args:
        catalog: The source's catalog; None where no source database is configured.
    """

    def __init__(self, catalog: ColumnTypeCatalog | None) -> None:
        self._catalog = catalog
        self._types: SourceTypes | None = None

    def decoded(
        self, decoder: RecordDecoder, record: ConsumedRecord
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """Decode a record; raises as `decoder` does."""
        result = decoder.decode(record, _NO_STREAM)
        if self._catalog is None or not _is_undecoded(result):
            return result
        if self._types is None:
            self._types = self._asked(self._catalog)
        learn(decoder, self._types)
        return decoder.decode(record, _NO_STREAM)

    @staticmethod
    def _asked(catalog: ColumnTypeCatalog) -> SourceTypes:
        try:
            return asyncio.run(catalog.types())
        except RepositoryError as error:
            sys.stderr.write(f"cdc-audit: types of columns are not known: {error}\n")
            return {}


def _is_undecoded(result: AuditRecord | ControlMessage | SkippedRecord) -> bool:
    return isinstance(result, AuditRecord) and _UNDECODED in (result.value_notes or "")
