"""
The whole script that puts changes back: one transaction, and nothing is done by halves.

PostgreSQL's raises an error, and so rolls back, where a statement does not change exactly one row.
MySQL has no such block: its script shows the number of rows of each, and leaves COMMIT to the
person who looks at it.
"""

from domain.revert import RevertPlan, RevertStatement


def revert_script(plan: RevertPlan) -> str | None:
    """Write the script; None if a change cannot be put back, or there is none."""
    if not plan.is_whole or plan.dialect is None:
        return None
    return _postgresql(plan) if plan.dialect == "postgresql" else _mysql(plan)


def _postgresql(plan: RevertPlan) -> str:
    parts = ["BEGIN;", *(_block(statement) for statement in plan.statements), "COMMIT;"]
    return "\n\n".join(parts) + "\n"


def _block(statement: RevertStatement) -> str:
    tag, number = "$revert$", 0
    while tag in statement.sql:
        number += 1
        tag = f"$revert_{number}$"
    return f"""-- puts back {statement.change_id}
DO {tag}
#variable_conflict use_column
DECLARE
    cdc_audit_rows bigint;
BEGIN
{statement.sql};
GET DIAGNOSTICS cdc_audit_rows = ROW_COUNT;
IF cdc_audit_rows <> 1 THEN
    RAISE EXCEPTION 'change {statement.change_id} was not put back: % rows are as it left them',
        cdc_audit_rows;
END IF;
END
{tag};"""


def _mysql(plan: RevertPlan) -> str:
    parts = ["SET time_zone = '+00:00';\nSTART TRANSACTION;"]
    parts += [
        f"-- puts back {s.change_id}\n{s.sql};\n"
        f"SELECT '{s.change_id}' AS puts_back, ROW_COUNT() AS changed_rows;"
        for s in plan.statements
    ]
    parts.append(
        "-- If changed_rows is 1 each time: COMMIT;\n-- If not, somebody changed a row: ROLLBACK;"
    )
    return "\n\n".join(parts) + "\n"
