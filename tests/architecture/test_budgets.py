"""What keeps a file readable: its size, the size of its functions, an honest name, a docstring."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
ROOMS = ("domain", "application", "adapters", "entrypoints")
MODULES = sorted(
    path.relative_to(REPOSITORY)
    for room in (*ROOMS, "tests")
    for path in (REPOSITORY / room).rglob("*.py")
)
MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 35
VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "base", "misc", "stuff"}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of_code(function: ast.FunctionDef | ast.AsyncFunctionDef, text: list[str]) -> int:
    """Count the lines of the body, without docstring, comments and blank lines."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if not body:
        return 0
    lines = text[body[0].lineno - 1 : function.end_lineno]
    return sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_is_small_named_and_documented(module: Path) -> None:
    text = (REPOSITORY / module).read_text(encoding="utf-8")
    tree = ast.parse(text)

    long_functions = {
        function.name: lines
        for function in functions(tree)
        if (lines := lines_of_code(function, text.splitlines())) > MOST_LINES_OF_A_FUNCTION
    }

    assert len(text.splitlines()) <= MOST_LINES_OF_A_FILE
    assert long_functions == {}
    assert module.stem not in VAGUE
    assert ast.get_docstring(tree)


def test_no_test_replaces_a_part_by_a_mock() -> None:
    mocking = [
        str(module)
        for module in MODULES
        for node in ast.walk(ast.parse((REPOSITORY / module).read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and node.module == "unittest.mock")
        or (isinstance(node, ast.Import) and any(a.name == "unittest.mock" for a in node.names))
    ]

    assert mocking == []
