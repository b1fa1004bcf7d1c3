"""
Protobuf files as a registry has them, made into descriptors.

Text is compiled by protoc, a FileDescriptorProto is taken as it is. What a file imports is among
the registry's references or, as in every registry, known without: Google's and Confluent's types.
"""

import subprocess
import sys
import tempfile
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError

from adapters.debezium.poison import invalid
from domain.registered_schema import RegisteredSchema

_MAIN = "registered.proto"
_COMPILER_SECONDS = 60
_META, _META_OPTION = "confluent/meta.proto", "(confluent."
_WELL_KNOWN = {
    **{
        f"google/protobuf/{name}.proto": f"google.protobuf.{name}_pb2"
        for name in ("any", "descriptor", "duration", "empty", "struct", "timestamp", "wrappers")
    },
    "google/type/date.proto": "google.type.date_pb2",
    "google/type/timeofday.proto": "google.type.timeofday_pb2",
    _META: "confluent_kafka.schema_registry.confluent.meta_pb2",
    "confluent/type/decimal.proto": "confluent_kafka.schema_registry.confluent.type.decimal_pb2",
}
"""File to the module that has it compiled."""


def main_file(schema: RegisteredSchema) -> FileDescriptor:
    """
    The file that `schema` is.

    Raises:
        ValidationError: It is no Protobuf file, or imports what is not there.
    """
    pool = descriptor_pool.DescriptorPool()
    files = _Files(pool)
    try:
        return files.add(_MAIN, schema)
    except (TypeError, KeyError, ValueError) as error:
        raise invalid(
            "bad_schema", f"the Protobuf schema of the record cannot be used: {error}"
        ) from error


class _Files:
    """Adds files to a pool, what they import first."""

    def __init__(self, pool: descriptor_pool.DescriptorPool) -> None:
        self._pool = pool
        self._added: set[str] = set()

    def add(self, name: str, schema: RegisteredSchema) -> FileDescriptor:
        proto = _binary(schema.text) or _compiled(name, schema)
        proto.name = name
        self._add(proto, schema.references)
        return self._pool.FindFileByName(name)

    def _add(self, proto: FileDescriptorProto, references: Mapping[str, RegisteredSchema]) -> None:
        if proto.name in self._added:
            return
        self._added.add(proto.name)
        for name in proto.dependency:
            if name in references and name not in self._added:
                self.add(name, references[name])
            elif name in _WELL_KNOWN:
                self._add(_well_known(name), {})
        self._pool.Add(proto)


def _binary(text: str) -> FileDescriptorProto | None:
    try:
        return FileDescriptorProto.FromString(b64decode(text, validate=True))
    except (Base64Error, ValueError, DecodeError):
        return None


def _well_known(name: str) -> FileDescriptorProto:
    proto = FileDescriptorProto()
    import_module(_WELL_KNOWN[name]).DESCRIPTOR.CopyToProto(proto)
    return proto


def _compiled(name: str, schema: RegisteredSchema) -> FileDescriptorProto:
    with tempfile.TemporaryDirectory(prefix="cdc-audit-protoc-") as folder:
        home = Path(folder)
        known = FileDescriptorSet(file=[_well_known(file) for file in _WELL_KNOWN])
        (home / "known.bin").write_bytes(known.SerializeToString())
        sources = home / "sources"
        for file, text in {**_texts(schema.references), name: schema.text}.items():
            path = (sources / file).resolve()
            if file.startswith("-") or not path.is_relative_to(sources.resolve()):
                raise ValueError(f"it imports {file!r}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_with_imports(text), encoding="utf-8")
        _protoc(home, name)
        made = FileDescriptorSet.FromString((home / "made.bin").read_bytes())
    return made.file[-1]


def _texts(references: Mapping[str, RegisteredSchema]) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for name, schema in references.items():
        texts.update(_texts(schema.references))
        texts[name] = schema.text
    return texts


def _with_imports(text: str) -> str:
    """`text` with the import of Confluent's options, which its converter uses and leaves out."""
    if _META_OPTION in text and _META not in text:
        return f'{text}\nimport "{_META}";\n'
    return text


def _protoc(home: Path, name: str) -> None:
    # In a process of its own: it writes what is wrong to stderr, and nowhere else.
    done = subprocess.run(  # noqa: S603 - our own interpreter, and a name that we made
        [
            *(sys.executable, "-m", "grpc_tools.protoc"),
            f"--proto_path={home / 'sources'}",
            f"--descriptor_set_in={home / 'known.bin'}",
            f"--descriptor_set_out={home / 'made.bin'}",
            name,
        ],
        capture_output=True,
        check=False,
        timeout=_COMPILER_SECONDS,
    )
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").replace(f"{home / 'sources'}/", "").strip()
        raise ValueError(said or "protoc refuses it")
