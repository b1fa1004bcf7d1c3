"""
SQL is constant text: what a topic, a row or a request brings is a parameter, never a part of it.

Whatever a function puts together (f-string, `+`, `%`, `format`, `join`, `replace`) and reads as SQL
is made of constants. What else it composes, it composes with `psycopg.sql`, which quotes: of
`sql.SQL` the type checkers demand a literal, and what gets around them as bytes is a constant or
listed here.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType

import pytest

POSTGRES = Path(__file__).parents[2] / "adapters" / "postgres"
MODULES = sorted(POSTGRES.rglob("*.py"))
SQL = re.compile(
    r"\b(SELECT|INSERT INTO|UPDATE [a-z{]|DELETE FROM|TRUNCATE|COPY [a-z{]|CREATE|ALTER|DROP|GRANT|"
    r"REVOKE|SET [a-z{]|WHERE|ORDER BY|FROM [a-z{]|VALUES|LIMIT)\b|\bSET \{"
)
BUILDING = {"format", "join", "replace", "format_map", "removesuffix"}
SENDING = {"execute", "executemany", "copy", "stream"}
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")

# Statements that are sent as bytes from a variable, and where each comes from.
VARIABLES = {
    ("migrations.py", "statement"): "the catalog's own, quoted by format('%I') in _OURS",
    ("completeness.py", "statement"): "one of two constants",
    ("repositories/kafka_offset.py", "query"): "a constant, with or without FOR UPDATE",
    ("rights.py", "query"): "constants, by the callers in the module",
}


def name_of(module: Path) -> str:
    return module.relative_to(POSTGRES).as_posix()


def texts(node: ast.expr, known: dict[str, str]) -> str:
    """The constant text in an expression, names of the module's texts included."""
    found = [
        inner.value
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
        else known.get(inner.id, "")
        if isinstance(inner, ast.Name)
        else ""
        for inner in ast.walk(node)
    ]
    return " ".join(found)


def is_built(node: ast.AST, known: dict[str, str]) -> bool:
    """Whether a text is put together here."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(value, ast.FormattedValue) for value in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return any(is_text(side, known) for side in (node.left, node.right))
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in BUILDING
        and is_text(node.func.value, known)
    )


def is_text(node: ast.expr, known: dict[str, str]) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Name) and node.id in known)


def texts_of_module(tree: ast.Module) -> dict[str, str]:
    """The texts that the module has names for; `sql.SQL` is none."""
    known: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            target, value = node.target, node.value
        else:
            continue
        if isinstance(target, ast.Name) and (is_text(value, known) or is_built(value, known)):
            known[target.id] = texts(value, known)
    return known


def built(module: Path, source: str) -> Iterator[str]:
    """SQL that is put together of what is no constant."""
    tree = ast.parse(source)
    known = texts_of_module(tree)
    inside = parts(tree, ast.FunctionDef | ast.AsyncFunctionDef) - parts(tree, ast.Raise)
    for node in ast.walk(tree):
        if id(node) not in inside or not isinstance(node, ast.expr) or not is_built(node, known):
            continue
        names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        if SQL.search(texts(node, known)) and not all(map(CONSTANT.fullmatch, names)):
            yield f"{name_of(module)}:{node.lineno}"


def parts(tree: ast.Module, kind: UnionType | type[ast.AST]) -> set[int]:
    """Everything that is inside of nodes of one kind."""
    whole = [node for node in ast.walk(tree) if isinstance(node, kind)]
    return {id(inner) for node in whole for inner in ast.walk(node)}


def sent(module: Path, source: str) -> Iterator[str]:
    """Statements that are sent as bytes, and are no constants."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr not in SENDING or not node.args:
            continue
        match node.args[0]:
            case ast.Call(func=ast.Attribute(value=variable, attr="encode")):
                pass
            case _:
                continue
        name = variable.id if isinstance(variable, ast.Name) else ast.dump(variable)
        if not CONSTANT.fullmatch(name) and (name_of(module), name) not in VARIABLES:
            yield f"{name_of(module)}:{node.lineno} {name}"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_sql_is_made_of_constants(module: Path) -> None:
    source = module.read_text(encoding="utf-8")

    assert list(built(module, source)) == []
    assert list(sent(module, source)) == []


@pytest.mark.parametrize(
    "line",
    [
        'f"SELECT * FROM {table}"',
        "\"SELECT * FROM t WHERE name = '%s'\" % name",
        '"DELETE FROM " + table',
        '"SELECT {} FROM t".format(name)',
        'FIND.replace("t", name)',
        'FIND + f" WHERE x = {name}"',
        '" UNION ".join(["SELECT 1", name])',
    ],
)
def test_what_this_looks_for_is_found(line: str) -> None:
    source = f'FIND = "TRUNCATE t"\ndef ask(session, table, name):\n    return {line}\n'

    assert set(built(POSTGRES / "example.py", source)) == {"example.py:3"}


def test_statements_in_bytes_are_found() -> None:
    source = "def ask(session, found):\n    session.execute(found.encode())\n"

    assert list(sent(POSTGRES / "example.py", source)) == ["example.py:2 found"]
