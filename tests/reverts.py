"""Changes for the tests that put them back, and columns of every type that a value may have."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from domain.audit_record import AuditRecord
from domain.operation import OperationTypeEnum
from domain.revert import revert_plan
from domain.revert_script import revert_script
from domain.source_types import SourceType, SourceTypes
from tests.builders import a_record

Values = Mapping[str, object]


class TypedColumn(NamedTuple):
    """
    A column with two values.

    Attributes:
        kind: Its type.
        old: SQL of the value before.
        old_text: That value as the trail has it.
        new: SQL of the value after.
        new_text: That value as the trail has it.
        needs_type: Whether it can be written only if the type is known.
    """

    kind: str
    old: str
    old_text: Any
    new: str
    new_text: Any
    needs_type: bool = False


def an_update(old: Values, new: Values, **fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    """Make an UPDATE of the row with the id 1."""
    changed = tuple(name for name in new if old.get(name) != new[name])
    return _record(
        {
            "old_data": _image(old),
            "new_data": _image(new),
            "changed_columns": changed,
            **fields,
        }
    )


def an_insert(new: Values, **fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    """Make an INSERT of the row with the id 1."""
    return _record(
        {
            "operation": OperationTypeEnum.INSERT,
            "old_data": None,
            "new_data": _image(new),
            "changed_columns": None,
            **fields,
        }
    )


def a_deletion(old: Values, **fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    """Make a DELETE of the row with the id 1."""
    return _record(
        {
            "operation": OperationTypeEnum.DELETE,
            "old_data": _image(old),
            "new_data": None,
            "changed_columns": None,
            **fields,
        }
    )


def script_of(*changes: AuditRecord, types: SourceTypes | None = None) -> str:
    """Write the script, which there must be."""
    plan = revert_plan(changes, types)
    script = revert_script(plan)
    assert script is not None, plan.refused
    return script


def reasons_of(record: AuditRecord, types: SourceTypes | None = None) -> Sequence[str]:
    """Tell why there is no statement."""
    plan = revert_plan([record], types)
    assert plan.statements == []
    assert revert_script(plan) is None
    (refused,) = plan.refused
    return refused.reasons


def types_of(table: str, **kinds: str) -> SourceTypes:
    """Make the types of one table's columns."""
    return {table: {name: SourceType(kind) for name, kind in kinds.items()}}


def _record(fields: Mapping[str, Any]) -> AuditRecord:
    values: dict[str, Any] = {"source_table": "t", "record_key": '{"id":1}', **fields}
    return a_record(**values)


def _image(values: Values) -> str:
    return json.dumps({"id": 1, **values}, separators=(",", ":"))
