"""The folder of a demo goes with it, or with the next one."""

import fcntl
import os
import time
from pathlib import Path

import pytest

from adapters.embedded.errors import EmbeddedServerError
from entrypoints.demo.home import PREFIX, temporary_home

LONG_AGO = time.time() - 3600


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the test's own folder be the one for temporary files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def an_abandoned_home(folder: Path, *, changed_at: float) -> Path:
    home = folder / f"{PREFIX}abandoned"
    home.mkdir()
    (home / "lock").touch()
    (home / "data").write_text("left behind", encoding="utf-8")
    os.utime(home, (changed_at, changed_at))
    return home


def test_a_home_is_removed_with_all_that_is_in_it(temporary_folder: Path) -> None:
    with temporary_home() as home:
        (home / "data").write_text("something", encoding="utf-8")

    assert list(temporary_folder.iterdir()) == []


def test_two_demos_have_two_homes() -> None:
    with temporary_home() as one, temporary_home() as other:
        assert one != other
        assert one.is_dir()
        assert other.is_dir()


def test_a_home_that_a_killed_demo_left_is_removed_by_the_next(temporary_folder: Path) -> None:
    left = an_abandoned_home(temporary_folder, changed_at=LONG_AGO)

    with temporary_home():
        assert not left.exists()


def test_a_home_that_is_in_use_is_left_alone(temporary_folder: Path) -> None:
    used = an_abandoned_home(temporary_folder, changed_at=LONG_AGO)
    with (used / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with temporary_home():
            assert (used / "data").exists()


def test_a_home_that_is_just_being_made_is_left_alone(temporary_folder: Path) -> None:
    young = an_abandoned_home(temporary_folder, changed_at=time.time())

    with temporary_home():
        assert young.exists()


def test_without_any_folder_for_temporary_files_the_error_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._candidate_tempdir_list", lambda: ["/nowhere"])

    with pytest.raises(EmbeddedServerError, match="set TMPDIR"), temporary_home():
        pass
