"""What is written in Cython is there, and a machine without a C compiler gets all the rest."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
ROOMS = ("domain", "application", "adapters", "entrypoints")
MADE_BY_PYTHON = shutil.ignore_patterns("__pycache__", "*.so")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def copy_what_is_built_from(target: Path) -> None:
    for room in ROOMS:
        shutil.copytree(REPOSITORY / room, target / room, ignore=MADE_BY_PYTHON)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, target)


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["envelope_line", "quick_conversions"])
def test_a_compiled_module_is_there(name: str) -> None:
    module = pytest.importorskip(
        f"adapters.direct.{name}",
        reason="adapters/direct is not compiled: install a C compiler, then `make install`",
        exc_type=ImportError,
    )

    assert str(module.__file__).endswith(tuple(EXTENSION_SUFFIXES))


def test_a_wheel_that_is_built_without_a_compiler_lacks_only_what_is_compiled(
    tmp_path: Path,
) -> None:
    copy_what_is_built_from(tmp_path)
    wanted = {
        str(path.relative_to(tmp_path))
        for room in ROOMS
        for path in (tmp_path / room).rglob("*")
        if path.is_file() and path.suffix not in {".pxd", ".pyx"}
    }

    built = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", BUILD, "wheels"],
        cwd=tmp_path,
        env={**os.environ, "CC": "/nonexistent/cc"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = (tmp_path / "wheels").iterdir()
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if ".dist-info/" not in name} == wanted
    assert "No such file or directory: '/nonexistent/cc'" in built.stdout + built.stderr
