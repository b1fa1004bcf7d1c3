"""Settings of rules on columns, and of the quarantine: what is refused, and what never shows."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
import rich

from adapters.cryptography.quarantine_encryption import AesGcmQuarantineProtection
from application.quarantine_protection import WithheldBytes
from domain.errors import ConfigurationError
from entrypoints.redaction_config import quarantine_protection
from entrypoints.settings import AppConfig, load_config

PLANTED = "hunter2-hunter2-hunter2-hunter2-hunter2"
MASKING = '[[redaction.rules]]\ntable = "customers"\ncolumn = "email"\n'
HASHING = f'{MASKING}action = "hash"\n'
WITHHOLDING = '[quarantine]\nraw = "withhold"\n'


def loaded(folder: Path, text: str, **environ: str) -> AppConfig:
    (folder / "hash-key").write_text(f"{PLANTED}\n")
    (folder / "aes").write_text("ab" * 32)
    (folder / "c.toml").write_text(text.replace("HERE", str(folder)))
    return load_config(folder / "c.toml", environ=environ)


def refused(folder: Path, text: str, **environ: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as error:
        loaded(folder, text, **environ).validate()
    assert PLANTED not in str(error.value)
    return error.value


def test_rules_without_a_key_for_the_quarantine_are_refused_with_both_ways_out(
    tmp_path: Path,
) -> None:
    error = refused(tmp_path, MASKING)

    assert error.field == "quarantine.encryption_keys"
    assert 'quarantine.raw = "withhold"' in error.problem


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", type(None)),
        (MASKING + WITHHOLDING, WithheldBytes),
        (
            f'{MASKING}[[quarantine.encryption_keys]]\nid = "1"\nfile = "HERE/aes"\n',
            AesGcmQuarantineProtection,
        ),
        (WITHHOLDING, WithheldBytes),
    ],
)
def test_the_quarantine_is_protected_as_it_is_set(tmp_path: Path, text: str, kind: type) -> None:
    config = loaded(tmp_path, text)

    config.validate()

    assert isinstance(quarantine_protection(config.quarantine, config.redaction.rules), kind)


@pytest.mark.parametrize(
    ("topics", "concerned"), [("all", [True, True]), ("may-concern", [True, False])]
)
def test_which_topics_are_protected_is_a_setting(
    tmp_path: Path, topics: str, concerned: list[bool]
) -> None:
    config = loaded(tmp_path, f'{MASKING}{WITHHOLDING}topics = "{topics}"\n')

    protection = quarantine_protection(config.quarantine, config.redaction.rules)

    assert protection is not None
    names = ("shop.public.customers", "shop.public.orders")
    assert [protection.concerns(name) for name in names] == concerned


def test_a_key_that_cannot_be_read_is_refused_at_start(tmp_path: Path) -> None:
    text = '[[quarantine.encryption_keys]]\nid = "1"\nfile = "HERE/nowhere"\n'

    assert refused(tmp_path, text).field == "quarantine.encryption_keys"


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("", "redaction.hash_key"),
        ('hash_key_id = "1"', "redaction.hash_key"),
        ('hash_key_file = "HERE/hash-key"', "redaction.hash_key_id"),
        ('hash_key_id = "1"\nhash_key = "short"', "redaction.hash_key"),
    ],
)
def test_a_rule_that_hashes_needs_a_key_and_its_name(tmp_path: Path, key: str, field: str) -> None:
    assert refused(tmp_path, f"[redaction]\n{key}\n{HASHING}{WITHHOLDING}").field == field


@pytest.mark.parametrize("variable", ["CDC_AUDIT_REDACTION_HASH_KEY", None])
def test_the_key_comes_from_a_variable_or_a_file_and_never_shows(
    tmp_path: Path, variable: str | None
) -> None:
    line = "" if variable else 'hash_key_file = "HERE/hash-key"\n'
    text = f'[redaction]\n{line}hash_key_id = "2026"\n{HASHING}{WITHHOLDING}'
    config = loaded(tmp_path, text, **({variable: PLANTED} if variable else {}))
    drawn = io.StringIO()
    rich.print(config, config.redaction, file=drawn)

    config.validate()

    key = config.redaction.key()
    shown: list[Any] = [config, config.redaction, config.to_dict(), key, drawn.getvalue()]
    assert key is not None
    assert (key.key_id, key.secret) == ("2026", PLANTED.encode())
    assert not [text for text in map(str, shown) if PLANTED in text]
    assert config.to_dict()["redaction"]["hash_key"] == "(hidden)"
    assert config.to_dict()["redaction"]["rules"][0]["action"] == "hash"


def test_a_key_of_a_wrong_type_is_refused_without_being_shown(tmp_path: Path) -> None:
    error = refused(tmp_path, f'[redaction]\nhash_key = ["{PLANTED}"]\n')

    assert error.field == "redaction.hash_key"


def test_the_documented_example_is_valid(tmp_path: Path) -> None:
    operations = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    rules = operations.partition("## Rules on columns")[2].partition("\n## ")[0]
    (example,) = re.findall(r"```toml\n(.*?)```", rules, re.DOTALL)
    text = example.replace("/run/secrets/hash-key", "HERE/hash-key")
    config = loaded(tmp_path, text.replace("/run/secrets/quarantine-key", "HERE/aes"))

    config.validate()

    assert [rule.action for rule in config.redaction.rules] == ["hash", "mask", "drop"]
    assert [key.id for key in config.quarantine.encryption_keys] == ["q-2026"]
