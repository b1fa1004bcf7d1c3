"""What is put back by which statement, and what is refused with which words."""

import json
from typing import Any

import pytest

from domain.audit_record import AuditRecord
from domain.operation import BeforeImage, OperationTypeEnum
from domain.revert import revert_plan
from domain.revert_script import revert_script
from tests.reverts import a_deletion, an_insert, an_update, reasons_of, types_of

OLD, NEW = {"status": "new", "n": 1}, {"status": "paid", "n": 1}
MYSQL: dict[str, Any] = {
    "connector": "mysql",
    "source_database": "shop",
    "source_schema": None,
}


def statement_of(record: AuditRecord) -> str:
    (statement,) = revert_plan([record]).statements
    return statement.sql


def test_an_update_sets_what_changed_where_everything_is_as_it_left_it() -> None:
    assert statement_of(an_update(OLD, NEW)) == (
        'UPDATE "public"."t"\n'
        "SET \"status\" = 'new'\n"
        "WHERE \"id\" IS NOT DISTINCT FROM '1'\n"
        "    AND \"status\" IS NOT DISTINCT FROM 'paid'\n"
        "    AND \"n\" IS NOT DISTINCT FROM '1'"
    )


def test_an_insert_is_deleted_and_a_delete_is_inserted() -> None:
    assert statement_of(an_insert({"n": None})) == (
        'DELETE FROM "public"."t"\nWHERE "id" IS NOT DISTINCT FROM \'1\'\n    AND "n" IS NULL'
    )
    assert statement_of(a_deletion({"n": 2})) == (
        'INSERT INTO "public"."t" ("id", "n") OVERRIDING SYSTEM VALUE\nVALUES (\'1\', \'2\')'
    )


def test_mysql_is_written_in_its_own_way() -> None:
    assert statement_of(an_update(OLD, NEW, **MYSQL)) == (
        "UPDATE `shop`.`t`\n"
        "SET `status` = 'new'\n"
        "WHERE `id` <=> 1\n"
        "    AND CAST(CONVERT(`status` USING utf8mb4) AS BINARY) <=> CAST('paid' AS BINARY)\n"
        "    AND `n` <=> 1"
    )
    assert statement_of(a_deletion({"n": None}, **MYSQL)) == (
        "INSERT INTO `shop`.`t` (`id`, `n`)\nVALUES (1, NULL)"
    )


def test_several_changes_are_put_back_in_reverse_order() -> None:
    changes = [an_insert(OLD, kafka_offset=1), an_update(OLD, NEW, kafka_offset=2)]

    plan = revert_plan(changes)

    assert [s.change_id for s in plan.statements] == ["1-0-2", "1-0-1"]
    assert (plan.dialect, plan.is_whole) == ("postgresql", True)


def test_a_large_value_that_did_not_change_is_left_alone() -> None:
    record = an_update(
        {"status": "new", "bio": "x"}, {"status": "paid"}, value_notes='{"bio":"unavailable"}'
    )

    assert "bio" not in statement_of(record)


def test_a_script_is_written_only_for_all_or_nothing() -> None:
    masked = an_update(OLD, NEW, value_notes='{"status":"masked"}')

    plan = revert_plan([an_insert(OLD), masked])

    assert (len(plan.statements), len(plan.refused)) == (1, 1)
    assert revert_script(plan) is None
    assert revert_script(revert_plan([])) is None


def test_no_text_ends_the_block_of_a_script() -> None:
    plan = revert_plan([an_update({"v": "$revert$ $revert_1$"}, {"v": "x"})])

    script = revert_script(plan)

    assert script is not None
    assert script.count("$revert_2$") == 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"operation": OperationTypeEnum.SNAPSHOT}, "a SNAPSHOT cannot be put back"),
        ({"operation": OperationTypeEnum.UPSERT}, "a UPSERT cannot be put back"),
        ({"operation": OperationTypeEnum.TRUNCATE}, "a TRUNCATE cannot be put back"),
        ({"connector": "oracle"}, "no SQL is written for the connector oracle"),
        ({"record_key": None}, "the table has no key: nobody can say which row it was"),
        ({"source_table": "a\0"}, "the table's name cannot be written as SQL"),
        (
            {"before_image": BeforeImage.INVENTED},
            "the row before is not known: its old image is invented",
        ),
        (
            {"before_image": BeforeImage.KEY},
            "the row before is not known: its old image is key",
        ),
        (
            {"value_notes": '{"status":"masked"}'},
            "column 'status': its value before the change is masked",
        ),
        (
            {"value_notes": '{"status":{"new":"hashed"}}'},
            "column 'status': its value after the change is hashed",
        ),
        (
            {"value_notes": '{"status":"truncated"}'},
            "column 'status': its value before the change was cut",
        ),
        (
            {"value_notes": '{"*":"undecoded"}'},
            "column 'status': its value before the change could not be decoded",
        ),
        (
            {"value_notes": '{"status":"suspect"}'},
            "column 'status': its value before the change is suspect",
        ),
        (
            {"value_notes": '{"n":"masked"}'},
            "column 'n': nobody can say whether it changed",
        ),
        (
            {"value_notes": '{"n":{"new":"offloaded"}}'},
            "column 'n': its value is not known on both sides",
        ),
        (
            {"value_notes": '{"n":{"old":"unavailable"}}'},
            "column 'n': its value is not known on both sides",
        ),
        (
            {"value_notes": '{"id":"hashed"}'},
            "column 'id': it is in the key, and is hashed",
        ),
        (
            {"changed_columns": (), "new_data": '{"id":1,"status":"new","n":1}'},
            "it changed no column that is known",
        ),
    ],
)
def test_what_is_not_known_is_refused_with_words(fields: dict[str, Any], reason: str) -> None:
    assert reason in reasons_of(an_update(OLD, NEW, **fields))


def test_a_deleted_row_is_not_made_of_fillers() -> None:
    reasons = reasons_of(a_deletion(OLD, before_image=BeforeImage.INVENTED))

    assert reasons[0] == "the deleted row is not known: its old image is invented"
    assert "column 'n': its value before the change is a filler, and not the row's" in reasons


def test_a_deleted_row_without_an_image_is_not_known() -> None:
    deletion = a_deletion(OLD, old_data=None, before_image=BeforeImage.ABSENT)

    assert reasons_of(deletion) == ("the deleted row is not known: its old image is absent",)


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        ("text", "bytea", "its type is one of bytes, and the value is not written as bytes"),
        ("PT48H", "interval", "the connector made one number of its months, days and hours"),
        ([1], "integer", "it is a list, and the type of the column is integer"),
        ([{"a": 1}], None, "it is a list of objects"),
        ("a\0b", None, "it has a character that PostgreSQL cannot hold"),
        ("\ud800", None, "it has a character that PostgreSQL cannot hold"),
    ],
)
def test_a_value_that_postgresql_would_take_for_another_is_refused(
    value: object, kind: str | None, reason: str
) -> None:
    types = types_of("shop.public.t", v=kind) if kind else None

    reasons = reasons_of(an_update({"v": value}, {"v": None}), types)

    assert reasons == (f"column 'v': its value before the change has no SQL: {reason}",)


def test_a_value_of_a_type_that_is_known_needs_no_guess() -> None:
    record = an_update({"v": "0x00ff"}, {"v": "0x"})

    (statement,) = revert_plan([record], types_of("shop.public.t", v="bytea")).statements

    assert "SET \"v\" = decode('00ff', 'hex')" in statement.sql
    assert json.loads(record.new_data or "")["v"] == "0x"
