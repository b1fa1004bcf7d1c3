"""Protobuf as Confluent's ProtobufData makes it of a table: files as text, and messages of them."""

import base64
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from adapters.debezium.protobuf_files import main_file
from domain.registered_schema import RegisteredSchema, SchemaFormat

ENVELOPE = """
syntax = "proto3";
package srv1.public.customers;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/type/date.proto";
import "google/type/timeofday.proto";
import "confluent/meta.proto";
import "confluent/type/decimal.proto";

message Envelope {
  Value before = 1;
  Value after = 2;
  Source source = 3;
  string op = 4;
  optional int64 ts_ms = 5;

  message Value {
    int32 id = 1;
    optional string name = 2;
    google.protobuf.Int64Value big = 3;
    confluent.type.Decimal price = 4 [(confluent.field_meta) = {
      params: [{key: "scale", value: "2"}, {key: "precision", value: "10"}]
    }];
    google.type.Date born = 5;
    google.type.TimeOfDay at = 6;
    google.protobuf.Timestamp seen = 7;
    optional int64 micros = 8 [(confluent.field_meta) = {
      params: [{key: "connect.name", value: "io.debezium.time.MicroTimestamp"}]
    }];
    optional int32 small = 9 [(confluent.field_meta) = {
      params: [{key: "connect.type", value: "int16"}]
    }];
    optional bytes raw = 10;
    repeated string tags = 11;
    repeated AttrsEntry attrs = 12;
    map<int32, double> by_number = 13;
    optional float ratio = 14;
    optional double wide = 15;
    optional bool ok = 16;
    VariableScaleDecimal free = 17;
    optional Size size = 18;
    string note = 19;

    message AttrsEntry { string key = 1; google.protobuf.StringValue value = 2; }
    message VariableScaleDecimal { int32 scale = 1; bytes value = 2; }
    enum Size { SMALL = 0; LARGE = 1; }
  }
  message Source {
    string connector = 1;
    string name = 2;
    int64 ts_ms = 3;
    string db = 4;
    string schema = 5;
    string table = 6;
    optional int64 lsn = 7;
  }
}
message Key { int32 id = 1; }
"""


def in_text(text: str = ENVELOPE, **references: RegisteredSchema) -> RegisteredSchema:
    """A file as a registry gives it by default."""
    named = {name.replace("__", ".").replace("_", "/"): one for name, one in references.items()}
    return RegisteredSchema(SchemaFormat.PROTOBUF, text, named)


def serialized(schema: RegisteredSchema) -> RegisteredSchema:
    """The same file as Confluent's registry gives it compiled."""
    proto = FileDescriptorProto()
    main_file(schema).CopyToProto(proto)
    proto.name = "default"
    text = base64.b64encode(proto.SerializeToString()).decode()
    return RegisteredSchema(SchemaFormat.PROTOBUF, text, schema.references)


def a_message(schema: RegisteredSchema, name: str, **fields: Any) -> Message:  # noqa: ANN401 - any field
    """A message of a file."""
    return GetMessageClass(main_file(schema).message_types_by_name[name])(**fields)
