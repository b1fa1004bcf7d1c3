"""Settings of single tables: the types of their columns, for records without schema."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from domain.audit_record import AuditRecord
from domain.errors import ConfigurationError
from entrypoints.config_report import effective_settings, settings_lines
from entrypoints.container import Container
from entrypoints.settings import AppConfig, load_config
from tests.unit.debezium.records import a_consumed, an_envelope

ORDERS = """
[kafka]
group_id = "g"

[tables."public.customers".types]
id = "bigint"
n = "numeric(10,2)"
password = "text"
"""


def loaded(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> AppConfig:
    file = folder / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, environ=environ or {})


def refused(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        loaded(folder, text, environ).validate()
    return str(caught.value)


async def test_the_service_decodes_with_the_types_of_the_configuration(tmp_path: Path) -> None:
    container = Container(config=loaded(tmp_path, ORDERS))
    envelope = an_envelope("c", after={"id": 1, "n": "bg=="})

    record = container.decoder().decode(a_consumed(envelope), 1)

    assert isinstance(record, AuditRecord)
    assert record.new_data == '{"id":1,"n":"1.10"}'


def test_the_environment_gives_tables_as_json(tmp_path: Path) -> None:
    environ = {"CDC_AUDIT_TABLES": '{"public.orders":{"types":{"n":"numeric(10,2)"}}}'}

    config = loaded(tmp_path, "", environ)

    assert config.tables["public.orders"].types == {"n": "numeric(10,2)"}


def test_the_report_shows_the_tables_and_their_types(tmp_path: Path) -> None:
    config = loaded(tmp_path, ORDERS)

    lines = list(settings_lines(effective_settings(config)))

    types = '{"id":"bigint","n":"numeric(10,2)","password":"text"}'
    assert (
        f'tables = {{"public.customers":{{"types":{types}}}}}  # {tmp_path}/settings.toml:5'
        in lines
    )


def test_an_unknown_type_is_refused_with_its_line_and_the_known_ones(tmp_path: Path) -> None:
    text = refused(tmp_path, ORDERS.replace("bigint", "bigit"))

    assert "tables.public.customers.types.id" in text
    assert "settings.toml:6" in text
    assert "'bigit'" in text
    assert "bigint, " in text


def test_an_unknown_type_in_an_inline_table_is_refused_with_the_line_around(tmp_path: Path) -> None:
    text = refused(tmp_path, '\n[tables."a.b"]\n\ntypes = { id = "bigit" }\n')

    assert "settings.toml:4" in text


@pytest.mark.parametrize("inside", ['[tables."a.b"]\ntyps = {}', 'tables = "a"', "[tables]\na = 1"])
def test_a_table_of_another_form_is_refused_with_its_line(tmp_path: Path, inside: str) -> None:
    text = refused(tmp_path, f"\n\n{inside}\n")

    assert "tables" in text
    assert "settings.toml:3" in text or "settings.toml:4" in text


def test_a_wrong_type_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    environ = {"CDC_AUDIT_TABLES": '{"public.orders":{"types":{"n":"numerc"}}}'}

    text = refused(tmp_path, "", environ)

    assert "CDC_AUDIT_TABLES" in text


def test_the_documented_examples_are_valid(tmp_path: Path) -> None:
    operations = (Path(__file__).parents[3] / "docs" / "operations.md").read_text("utf-8")
    section = operations.partition("## Topics without schema")[2].partition("\n## ")[0]
    config = loaded(tmp_path, "".join(re.findall(r"```toml\n(.*?)```", section, re.DOTALL)))

    config.validate()

    assert config.tables["public.orders"].types["amount"] == "numeric(10,2)"
    assert config.decoder.time_precision_mode == "isostring"
