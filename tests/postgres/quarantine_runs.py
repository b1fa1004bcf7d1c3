"""`cdc-audit quarantine ...` in this process, and records in quarantine for it to work on."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.cryptography.keys import KEY_BYTES, EncryptionKey
from adapters.cryptography.quarantine_encryption import AesGcmQuarantineProtection
from adapters.postgres.config import DatabaseConfig
from domain.protected_topics import ProtectedTopics
from domain.quarantine import QuarantinedRecord
from entrypoints.cli import main
from tests.builders import a_batch, a_consumed_batch, a_quarantined_record
from tests.e2e.messages import a_change, a_malformed
from tests.postgres.trails import a_store, claim, rows

TOPIC = "shop.public.orders"
MENDED, MALFORMED = a_change("c", 1), a_malformed(2)
SECRET = bytes(range(KEY_BYTES))
KEYS = AesGcmQuarantineProtection([EncryptionKey("q1", SECRET)], ProtectedTopics())

Run = Callable[..., tuple[int, str, str]]


def a_bad_record(offset: int, value: bytes | None, **fields: Any) -> QuarantinedRecord:  # noqa: ANN401 - any field
    return a_quarantined_record(offset, value=value, key=MENDED.key, **fields)


def quarantine(config: DatabaseConfig, *bad: QuarantinedRecord) -> Sequence[int]:
    """Put `bad` into the quarantine of a trail, as the service does; gives their numbers."""

    async def store() -> None:
        async with a_store(config) as store:
            stream_id = await claim(store)
            records = [msgspec.structs.replace(one, stream_id=stream_id) for one in bad]
            kept = [KEYS.protect(r) if r.error_type == "Encrypted" else r for r in records]
            batch = a_batch(await store.encoder(), quarantined=kept)
            await store.append(batch, a_consumed_batch(batch))

    asyncio.run(store())
    return [row[0] for row in rows(config, "SELECT id FROM processing_error ORDER BY id")]


@pytest.fixture
def run(
    trail_database: DatabaseConfig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Run:
    """Run a command over the trail; gives its status and what it printed."""
    monkeypatch.chdir(tmp_path)
    for field in ("host", "port", "username", "password", "database"):
        value = str(getattr(trail_database, field))
        monkeypatch.setenv(f"CDC_AUDIT_SINK_DATABASE_{field.upper()}", value)

    def run(*argv: str | int) -> tuple[int, str, str]:
        status = main(["quarantine", *map(str, argv)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run
