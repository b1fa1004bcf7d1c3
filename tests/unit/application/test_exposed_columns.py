"""Columns that look like secrets and that no rule masks: which, how they are told, and the rule."""

import logging
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.row_encoder import MemoryRowEncoder
from adapters.memory.trail import MemoryTrail
from adapters.memory.trail_reader import MemoryTrailReader
from application.exposed_columns import ExposedColumnsWatch, exposed_columns
from application.reports import BatchReport
from domain.errors import RepositoryError
from domain.redaction import ColumnRule, Redaction, RuleAction
from domain.source_table import SourceColumns, SourceTable
from entrypoints.settings import load_config
from tests.builders import a_batch, a_record
from tests.pipelines import Reports

USERS = SourceTable("postgresql", "shop", "shop", "public", "users")
MYSQL_USERS = SourceTable("mysql", "shop", "crm", None, "users")
UNNAMED = SourceTable("postgresql")
NOTHING = Redaction(())
LOGGER = "application.exposed_columns"

names = st.text(min_size=1, max_size=12)


class AnUnreachableCatalog:
    """A catalog whose trail cannot be read."""

    async def sources(self) -> SourceColumns:
        """Fail."""
        raise RepositoryError("the trail is away")


def met(source: SourceTable, *columns: str) -> SourceColumns:
    return {source: frozenset(columns)}


def a_report(sources: SourceColumns) -> BatchReport:
    batch = msgspec.structs.replace(a_batch(MemoryRowEncoder(), [a_record()]), sources=sources)
    return BatchReport(batch=batch, record_count=1, size=1, stages=())


def a_watch(*rules: ColumnRule, reports: Reports | None = None) -> ExposedColumnsWatch:
    catalog = MemoryTrailReader(MemoryTrail())
    return ExposedColumnsWatch(reports or Reports(), Redaction(rules), catalog)


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[object, object]]:
    return [
        (vars(record)["table"], vars(record)["column"])
        for record in caplog.records
        if record.levelno == logging.WARNING
    ]


def test_a_column_that_looks_like_a_secret_is_named_with_its_table() -> None:
    found = exposed_columns(met(USERS, "id", "password", "cardNumber", "passenger"), NOTHING)

    assert [(e.table, e.column) for e in found] == [
        ("public.users", "cardNumber"),
        ("public.users", "password"),
    ]


@pytest.mark.parametrize("action", [RuleAction.MASK, RuleAction.DROP])
def test_a_column_with_a_rule_is_not_exposed(action: RuleAction) -> None:
    redaction = Redaction([ColumnRule(column="PASS*", table="public.users", action=action)])

    found = exposed_columns(met(USERS, "password", "token"), redaction)

    assert [e.column for e in found] == ["token"]


def test_a_rule_for_the_database_of_a_table_without_schema_masks_as_the_decoder_does() -> None:
    redaction = Redaction([ColumnRule(column="password", table="crm.users")])

    assert exposed_columns(met(MYSQL_USERS, "password"), redaction) == []


def test_two_sources_of_one_name_are_told_once() -> None:
    other = USERS._replace(source_name="another")

    found = exposed_columns({**met(USERS, "token"), **met(other, "token")}, NOTHING)

    assert len(found) == 1


@pytest.mark.parametrize(
    ("source", "table", "pattern"),
    [
        (USERS, "public.users", "public.users"),
        (MYSQL_USERS, "users", "users"),
        (USERS._replace(source_table="a[b]*?"), "public.a[b]*?", "public.a[[]b][*][?]"),
        (UNNAMED, "?", "*"),
    ],
)
def test_the_rule_names_that_table_alone_or_every_one_where_it_has_no_name(
    source: SourceTable, table: str, pattern: str
) -> None:
    (exposed,) = exposed_columns(met(source, "password"), NOTHING)

    assert exposed.table == table
    assert tomllib.loads(exposed.rule) == {
        "redaction": {"rules": [{"table": pattern, "column": "password", "action": "mask"}]}
    }


def test_the_rule_of_one_table_leaves_others_exposed() -> None:
    starred = USERS._replace(source_table="user*")
    sources = {**met(starred, "password"), **met(USERS, "password")}
    (rule,) = (e.rule for e in exposed_columns(sources, NOTHING) if e.table == "public.user*")

    rules = tomllib.loads(rule)["redaction"]["rules"]
    left = exposed_columns(sources, Redaction(msgspec.convert(rules, list[ColumnRule])))

    assert [e.table for e in left] == ["public.users"]


@given(schema=st.none() | names, table=st.none() | names, before=names, after=names)
def test_the_pasted_rule_masks_the_column_whatever_its_names(
    tmp_path_factory: pytest.TempPathFactory,
    schema: str | None,
    table: str | None,
    before: str,
    after: str,
) -> None:
    source = SourceTable("oracle", "shop", "crm", schema, table)
    sources = met(source, f"{before} password {after}")
    (exposed,) = exposed_columns(sources, NOTHING)

    rules = rules_of_file(tmp_path_factory.getbasetemp() / "pasted.toml", exposed.rule)

    assert exposed_columns(sources, Redaction(rules)) == []


@pytest.mark.parametrize("odd", ['"', "\\", "\n", "\x00", "\x7f", "\x9b", "\u202e", "\ud800"])
def test_the_rule_shows_odd_characters_as_what_they_are(tmp_path: Path, odd: str) -> None:
    sources = met(USERS, f"password{odd}")
    (exposed,) = exposed_columns(sources, NOTHING)

    rules = rules_of_file(tmp_path / "pasted.toml", exposed.rule)

    assert exposed.rule.replace("\n", "").isprintable()
    assert exposed.rule.count("\n") == 3
    assert exposed_columns(sources, Redaction(rules)) == []


def rules_of_file(file: Path, text: str) -> list[ColumnRule]:
    file.write_text(text, encoding="utf-8")
    return load_config(file, environ={}).redaction.rules


async def test_a_column_of_the_trail_is_logged_with_the_rule_to_paste(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryAuditStore()
    store.trail.sources[USERS] = frozenset({"id", "password"})
    watch = ExposedColumnsWatch(Reports(), NOTHING, MemoryTrailReader(store.trail))

    await watch.look_at_trail()

    assert told(caplog) == [("public.users", "password")]
    (exposed,) = exposed_columns(met(USERS, "password"), NOTHING)
    assert vars(caplog.records[0])["rule"] == exposed.rule


async def test_a_column_is_logged_once_however_often_it_is_met(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryAuditStore()
    store.trail.sources[USERS] = frozenset({"password"})
    watch = ExposedColumnsWatch(Reports(), NOTHING, MemoryTrailReader(store.trail))

    await watch.look_at_trail()
    watch.committed(a_report(met(USERS, "password")))
    watch.committed(a_report(met(USERS, "password", "token")))
    watch.committed(a_report(met(USERS, "token")))
    watch.committed(a_report(met(MYSQL_USERS, "password")))

    assert told(caplog) == [
        ("public.users", "password"),
        ("public.users", "token"),
        ("users", "password"),
    ]


async def test_a_masked_column_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    watch = a_watch(ColumnRule(column="password"))

    watch.committed(a_report(met(USERS, "password")))

    assert told(caplog) == []


async def test_a_trail_that_cannot_be_asked_is_tolerated_and_batches_tell(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    watch = ExposedColumnsWatch(Reports(), NOTHING, AnUnreachableCatalog())

    await watch.look_at_trail()
    watch.committed(a_report(met(USERS, "password")))

    assert [vars(r).get("reason") for r in caplog.records] == ["the trail is away", None]
    assert told(caplog) == [("public.users", "password")]


async def test_every_report_is_handed_on_in_order() -> None:
    reports = Reports()
    watch = a_watch(reports=reports)
    given_reports = [a_report(met(USERS, "password")), a_report({}), a_report(met(USERS, "id"))]

    for report in given_reports:
        watch.committed(report)

    assert all(a is b for a, b in zip(reports.all, given_reports, strict=True))
