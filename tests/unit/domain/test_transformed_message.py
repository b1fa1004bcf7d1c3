"""One change in the documented form of the library."""

import json
from datetime import UTC, datetime

from domain.operation import BeforeImage, OperationTypeEnum
from domain.transformed_message import transformed_message
from tests.builders import a_record


def test_json_texts_become_values_and_times_become_aware() -> None:
    record = a_record(
        5,
        old_data=None,
        new_data='{"id":9007199254740993}',
        before_image=BeforeImage.ABSENT,
        operation=OperationTypeEnum.INSERT,
        source_metadata='{"lsn":5}',
        value_notes='{"*":"undecoded"}',
        change_timestamp=1_700_000_000_123_456,
    )

    message = transformed_message(record, topic="shop.public.orders")

    assert message.new_data == {"id": 9007199254740993}
    assert message.old_data is None
    assert message.source_metadata == {"lsn": 5}
    assert message.value_notes == {"*": "undecoded"}
    assert message.change_timestamp == datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)
    assert (message.topic, message.partition, message.offset) == ("shop.public.orders", 0, 5)
    assert message.record is record


def test_the_topic_stands_for_a_table_that_is_not_named() -> None:
    assert transformed_message(a_record(source_table=None), topic="t").source_table == "t"
    assert transformed_message(a_record(), topic="t").source_table == "orders"


def test_its_dictionary_is_plain_json() -> None:
    record = a_record(change_timestamp=1_700_000_000_000_000)

    fields = transformed_message(record, topic="t").to_dict()

    assert json.loads(json.dumps(fields)) == fields
    assert fields["operation_type"] == "UPDATE"
    assert fields["change_timestamp"] == "2023-11-14T22:13:20+00:00"
    assert fields["changed_columns"] == ["status"]
    assert fields["before_image"] == "complete"
    assert "record" not in fields
