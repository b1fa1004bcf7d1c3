"""The one record of the demo that nobody can decode: it must end in quarantine, with its bytes."""

import msgspec
from confluent_kafka import KafkaError, Message, Producer

from entrypoints.demo.shop import PREFIX

TOPIC = f"{PREFIX}.public.orders"
KEY = b'{"id": 7}'
VALUE = b'{"op": "u", "before": {"id": 7, "status": "pla'  # as if cut off in the middle
ANSWER_TIMEOUT = 10.0


class SentRecord(msgspec.Struct, frozen=True):
    """Where the broker put a record."""

    topic: str
    partition: int
    offset: int


def send_malformed(bootstrap: str) -> SentRecord:
    """
    Write the record to the orders' topic.

    Raises:
        RuntimeError: The broker did not take it.
    """
    answers: list[tuple[KafkaError | None, Message]] = []
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(TOPIC, key=KEY, value=VALUE, on_delivery=lambda e, m: answers.append((e, m)))
    producer.flush(ANSWER_TIMEOUT)
    error, message = answers[0] if answers else (None, None)
    if error is not None or message is None:
        raise RuntimeError(f"the malformed record was not taken: {error or 'no answer'}")
    partition, offset = message.partition(), message.offset()
    if partition is None or offset is None:
        raise RuntimeError("the broker did not say where it put the malformed record")
    return SentRecord(TOPIC, partition, offset)
