"""Keys out of files: what is a key, and what is said of a file that holds none."""

import base64
from pathlib import Path

import pytest

from adapters.cryptography.keys import KEY_BYTES, EncryptionKey, KeyFile, read_keys
from domain.errors import ConfigurationError

PLAIN = bytes(range(100, 100 + KEY_BYTES))
FIELD = "quarantine.encryption_keys"


def written(folder: Path, data: bytes) -> KeyFile:
    (folder / "key").write_bytes(data)
    return KeyFile(id="2026", file=str(folder / "key"))


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.hex().encode(),
        PLAIN.hex().upper().encode() + b"\n",
        base64.b64encode(PLAIN),
        b" " + base64.b64encode(PLAIN) + b"\r\n",
    ],
)
def test_a_key_is_written_in_hexadecimal_or_base64(tmp_path: Path, data: bytes) -> None:
    assert read_keys([written(tmp_path, data)], field=FIELD) == [EncryptionKey("2026", PLAIN)]


@pytest.mark.parametrize(
    "data", [b"", b"planted", PLAIN.hex().encode()[:-2], b"x" * 64, base64.b64encode(PLAIN[1:])]
)
def test_a_file_without_a_key_is_refused_and_not_quoted(tmp_path: Path, data: bytes) -> None:
    place = written(tmp_path, data)

    with pytest.raises(ConfigurationError, match="openssl rand -hex 32") as refused:
        read_keys([place], field=FIELD)

    assert (refused.value.field, place.file in str(refused.value)) == (FIELD, True)
    assert not data or data.decode() not in str(refused.value)


@pytest.mark.parametrize("file", ["nowhere", "with\0nul"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, file: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_keys([KeyFile(id="2026", file=str(tmp_path / file))], field=FIELD)


@pytest.mark.parametrize("key_id", ["", "a\0"])
def test_a_key_needs_a_name(tmp_path: Path, key_id: str) -> None:
    place = written(tmp_path, PLAIN.hex().encode())

    with pytest.raises(ConfigurationError, match="no name"):
        read_keys([KeyFile(id=key_id, file=place.file)], field=FIELD)


def test_two_keys_of_one_name_are_refused(tmp_path: Path) -> None:
    place = written(tmp_path, PLAIN.hex().encode())

    with pytest.raises(ConfigurationError, match="two keys are named '2026'"):
        read_keys([place, place], field=FIELD)
