"""The settings: defaults, precedence, origins, and errors that name what is wrong."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigurationError
from entrypoints.settings import AppConfig, Environment, app_config, load_config
from entrypoints.settings_sources import variable_of

PRODUCTION = {"CDC_AUDIT_ENVIRONMENT": "production", "CDC_AUDIT_SINK_DATABASE_PASSWORD": "s3cret"}


@pytest.fixture(autouse=True)
def _folder_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(folder: Path, text: str) -> Path:
    file = folder / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refused(environ: Mapping[str, str], file: Path | None = None) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_config(file, environ=environ).validate()
    return caught.value


def test_documented_defaults_hold_without_any_source() -> None:
    config = load_config(environ={})

    assert config.environment is Environment.DEVELOPMENT
    assert config.kafka.bootstrap_servers == ["localhost:29092"]
    assert config.kafka.group_id == "cdc_audit_consumer"
    assert config.sink_database.database == "sink_db"
    assert config.monitoring.metrics_port == 8000
    assert config.monitoring.health_check_port == 8001
    assert config.consumer.batch_size == 100
    assert config.origins == {}


def test_the_environment_wins_over_the_file_which_wins_over_defaults(tmp_path: Path) -> None:
    file = written(tmp_path, '[kafka]\ngroup_id = "of-file"\nclient_id = "of-file"\n')

    config = load_config(file, environ={"CDC_AUDIT_KAFKA_GROUP_ID": "of-environment"})

    assert config.kafka.group_id == "of-environment"
    assert config.kafka.client_id == "of-file"
    assert config.kafka.max_poll_records == 500


def test_every_value_that_was_given_tells_where_it_came_from(tmp_path: Path) -> None:
    file = written(tmp_path, '# a comment\n[kafka]\n\ngroup_id = "g"\n')

    config = load_config(file, environ={"CDC_AUDIT_DEBUG": "true"})

    assert config.origins == {"kafka.group_id": f"{file}:4", "debug": "CDC_AUDIT_DEBUG"}


def test_the_file_is_named_by_a_variable_or_lies_in_the_folder(tmp_path: Path) -> None:
    named = written(tmp_path, 'app_name = "named"\n')
    (tmp_path / "cdc-audit.toml").write_text('app_name = "lying there"\n')

    by_variable = load_config(environ={"CDC_AUDIT_CONFIG": str(named)})
    by_folder = load_config(environ={})

    assert by_variable.app_name == "named"
    assert by_folder.app_name == "lying there"


def test_lists_are_separated_by_commas_in_a_variable() -> None:
    config = load_config(environ={"CDC_AUDIT_KAFKA_BOOTSTRAP_SERVERS": "one:9092, two:9092,"})

    assert config.kafka.bootstrap_servers == ["one:9092", "two:9092"]


def test_an_empty_variable_gives_nothing() -> None:
    config = load_config(environ={"CDC_AUDIT_HTTP_PORT": "", "CDC_AUDIT_KAFKA_GROUP_ID": ""})

    assert config.http.port == 8080
    assert config.kafka.group_id == "cdc_audit_consumer"


def test_words_may_be_written_in_any_case() -> None:
    config = load_config(
        environ={"CDC_AUDIT_ENVIRONMENT": "STAGING", "CDC_AUDIT_LOGGING_LEVEL": "debug"}
    )

    assert config.environment is Environment.STAGING
    assert config.logging.level == "DEBUG"


def test_variables_that_kubernetes_makes_for_a_service_are_left_alone() -> None:
    environ = {
        "CDC_AUDIT_SERVICE_HOST": "10.0.0.7",
        "CDC_AUDIT_SERVICE_PORT_HTTP": "8080",
        "CDC_AUDIT_PORT": "tcp://10.0.0.7:8080",
        "CDC_AUDIT_PORT_8080_TCP": "tcp://10.0.0.7:8080",
        "CDC_AUDIT_PORT_8080_TCP_PROTO": "tcp",
        "CDC_AUDIT_HTTP_PORT": "tcp://10.0.0.8:80",
    }

    config = load_config(environ=environ)

    assert config.origins == {}


@pytest.mark.parametrize(
    ("environ", "field", "said"),
    [
        ({"CDC_AUDIT_HTTP_PORT": "eighty"}, "http.port", "'eighty' is not allowed"),
        ({"CDC_AUDIT_HTTP_PORT": "eighty"}, "http.port", "from CDC_AUDIT_HTTP_PORT"),
        ({"CDC_AUDIT_HTTP_PORT": "eighty"}, "http.port", "a whole number"),
        ({"CDC_AUDIT_HTTP_PORT": "70000"}, "http.port", "1 to 65535"),
        ({"CDC_AUDIT_DEBUG": "perhaps"}, "debug", "true or false"),
        ({"CDC_AUDIT_CONSUMER_BATCH_TIMEOUT": "x"}, "consumer.batch_timeout", "a number"),
        ({"CDC_AUDIT_CONSUMER_BATCH_SIZE": "0"}, "consumer.batch_size", "at least 1"),
        ({"CDC_AUDIT_CONSUMER_BATCH_SIZE": "0"}, "consumer.batch_size", "from CDC_AUDIT_CONSUMER"),
        ({"CDC_AUDIT_ENVIRONMENT": "prod"}, "environment", "development, staging, production"),
        ({"CDC_AUDIT_TRANSFORM_ENGINE": "rey"}, "transform.engine", "one of"),
        ({"CDC_AUDIT_HTTP_PORT": "8000"}, "http.port", "also monitoring.metrics_port"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    environ: Mapping[str, str], field: str, said: str
) -> None:
    error = refused(environ)

    assert error.field == field
    assert said in str(error)


def test_a_wrong_value_in_the_file_is_named_with_its_line(tmp_path: Path) -> None:
    file = written(tmp_path, "[kafka]\n\nmax_poll_records = 'many'\n")

    error = refused({}, file)

    assert str(error).startswith(f"kafka.max_poll_records (from {file}:3): 'many' is not allowed")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[kafka]\ngroup_idd = 'x'\n", "Did you mean kafka.group_id?"),
        ("[kafak]\ngroup_id = 'x'\n", "Did you mean kafka?"),
        ("debgu = true\n", "Did you mean debug?"),
        ("version = '9'\n", "is not a setting"),
        ("[origins]\nkafka = 'x'\n", "is not a setting"),
        ("[kafka]\ngroup_id = \n", "is not TOML"),
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_name(
    tmp_path: Path, text: str, said: str
) -> None:
    error = refused({}, written(tmp_path, text))

    assert said in str(error)


def test_an_unknown_variable_is_an_error_with_the_nearest_name() -> None:
    error = refused({"CDC_AUDIT_KAFKA_BOOTSTRAP_SERVER": "x"})

    assert error.field == "CDC_AUDIT_KAFKA_BOOTSTRAP_SERVER"
    assert "Did you mean CDC_AUDIT_KAFKA_BOOTSTRAP_SERVERS?" in str(error)


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    error = refused({"CDC_AUDIT_CONFIG": str(tmp_path / "missing.toml")})

    assert error.source == "CDC_AUDIT_CONFIG"
    assert "missing.toml" in str(error)


def test_a_secret_is_read_from_a_file_without_its_last_newline(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("pass word\n")
    file = written(tmp_path, f"[source_database]\npassword_file = {str(secret)!r}\n")

    config = load_config(file, environ={"CDC_AUDIT_SINK_DATABASE_PASSWORD_FILE": str(secret)})

    assert config.sink_database.password == "pass word"  # noqa: S105 - made up here
    assert config.source_database.password == "pass word"  # noqa: S105 - made up here
    assert "CDC_AUDIT_SINK_DATABASE_PASSWORD_FILE" in config.origins["sink_database.password"]


def test_a_secret_and_its_file_together_are_refused(tmp_path: Path) -> None:
    secret = written(tmp_path, "x")

    error = refused(
        {
            "CDC_AUDIT_SINK_DATABASE_PASSWORD": "y",
            "CDC_AUDIT_SINK_DATABASE_PASSWORD_FILE": str(secret),
        }
    )

    assert "given twice" in str(error)


def test_a_secret_file_that_is_missing_is_named() -> None:
    error = refused({"CDC_AUDIT_SINK_DATABASE_PASSWORD_FILE": "/nowhere/password"})

    assert error.field == "sink_database.password"
    assert "/nowhere/password" in str(error)


def test_a_wrong_secret_is_never_shown(tmp_path: Path) -> None:
    error = refused({}, written(tmp_path, "[sink_database]\npassword = 424242\n"))

    assert "424242" not in str(error)
    assert "(hidden)" in str(error)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_default_password_is_refused_outside_development(environment: str) -> None:
    error = refused({"CDC_AUDIT_ENVIRONMENT": environment})

    assert error.field == "sink_database.password"
    assert "CDC_AUDIT_SINK_DATABASE_PASSWORD_FILE" in str(error)


def test_production_is_accepted_with_a_password_of_its_own() -> None:
    config = load_config(environ=PRODUCTION)

    config.validate()

    assert config.environment is Environment.PRODUCTION


def test_a_source_database_that_somebody_set_up_needs_its_own_password_too() -> None:
    error = refused(PRODUCTION | {"CDC_AUDIT_SOURCE_DATABASE_HOST": "shop.internal"})

    assert error.field == "source_database.password"


def test_a_value_of_the_wrong_type_that_code_assigned_is_found_by_validate() -> None:
    config = AppConfig()
    config.kafka.max_poll_records = "many"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue] - as untyped code may

    with pytest.raises(ConfigurationError) as caught:
        config.validate()

    assert caught.value.field == "kafka.max_poll_records"


def test_to_dict_is_plain_and_hides_every_secret() -> None:
    config = load_config(environ=PRODUCTION | {"CDC_AUDIT_KAFKA_SASL_PASSWORD": "s3cret"})

    plain = config.to_dict()

    assert plain["environment"] == "production"
    assert plain["sink_database"]["password"] == "(hidden)"  # noqa: S105 - not one
    assert plain["kafka"]["sasl_password"] == "(hidden)"  # noqa: S105 - not one
    assert b"s3cret" not in msgspec.json.encode(plain)


def test_the_global_settings_are_read_at_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDC_AUDIT_HTTP_PORT", "not a port")
    unread = type(app_config)()

    assert isinstance(app_config, AppConfig)
    with pytest.raises(ConfigurationError):
        _ = unread.http


def test_one_default_is_not_shared_between_two_configurations() -> None:
    first, second = AppConfig(), AppConfig()

    first.kafka.bootstrap_servers.append("other:9092")

    assert second.kafka.bootstrap_servers == ["localhost:29092"]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_any_text_in_a_variable_is_taken_as_it_is(text: str) -> None:
    config = load_config(environ={variable_of("app_name"): text})

    assert config.app_name == text


@given(st.text(max_size=30), st.sampled_from(["http.port", "debug", "consumer.batch_timeout"]))
def test_no_text_breaks_off_with_anything_but_a_configuration_error(text: str, field: str) -> None:
    section, _, name = field.rpartition(".")
    failed_field = field

    try:
        config = load_config(environ={variable_of(field): text})
    except ConfigurationError as error:
        failed_field = error.field
    else:
        assert isinstance(getattr(getattr(config, section, config), name), bool | int | float)

    assert failed_field == field
