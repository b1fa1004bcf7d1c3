"""Bytes of quarantined records are protected on the worker, and where one kills its workers."""

import pickle

from adapters.memory.quarantine_protection import MemoryQuarantineProtection
from adapters.memory.row_encoder import MemoryRowEncoder
from adapters.ray.bisection import refused
from adapters.ray.shipped_slices import pack_slices
from adapters.ray.work import TransformWork, unpack_batch
from domain.errors import WorkerKilledError
from domain.protected_topics import ProtectedTopics
from tests.unit.ray.records import MAX_RECORD_BYTES, DangerousDecoder, a_slice

PLANTED = b"exit gEhEiMnIs7"
PROTECTION = MemoryQuarantineProtection(["k"], ProtectedTopics())


def protected_work() -> TransformWork:
    return TransformWork(
        DangerousDecoder(),
        MemoryRowEncoder(),
        max_record_bytes=MAX_RECORD_BYTES,
        protection=PROTECTION,
    )


def test_a_shipped_worker_answers_with_protected_bytes() -> None:
    shipped: TransformWork = pickle.loads(pickle.dumps(protected_work()))  # noqa: S301 - ours
    too_large = PLANTED + bytes(MAX_RECORD_BYTES)

    answer = shipped(pack_slices([a_slice(too_large)]))

    (record,) = unpack_batch(answer).quarantined
    assert record.encryption_key_id == "k"
    assert PLANTED not in answer


def test_a_record_that_kills_its_workers_is_protected_and_not_quoted() -> None:
    error = WorkerKilledError(workers=3, reason=f"it said {PLANTED.decode()}")

    batch = refused([a_slice(PLANTED)], error, work=protected_work())

    (record,) = batch.quarantined
    assert PLANTED not in pickle.dumps(batch)
    assert record.error_message.startswith("3 workers, one after the other, were lost")
    assert PROTECTION.reveal(record).value == PLANTED
