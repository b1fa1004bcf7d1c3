# cython: language_level=3
"""
Reading what PostgreSQL's connector sends without a schema: the envelope, its rows, its source block.

Whatever is there twice, missing, unknown, or of another type is not read.
"""

from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcmp

from adapters.direct.json_scan cimport (
    NO_VALUE,
    NULLED,
    TEXT,
    WHOLE,
    Counts,
    Token,
    TokenType,
    equals,
    read_name,
    read_scalar,
    read_text,
    read_word,
    size_of,
    to_number,
)

cdef enum:
    MOST_COLUMNS = 250


cdef struct Member:
    Token name
    Token value


cdef struct Row:
    Token whole              # an object, or null
    Member members[MOST_COLUMNS]
    int count
    Counts counts
    bint is_converted        # a value is another text than on the wire


cdef struct Source:
    Token whole
    Token connector
    Token name
    Token db
    Token schema
    Token table
    Token ts_ms
    Token ts_us
    Token ts_ns
    Token sequence
    Token tx_id
    Token lsn
    Token ignored[6]


cdef struct Envelope:
    Row before
    Row after
    Source source
    Token op
    Token transaction
    Token total_order
    Token collection_order
    Token ts_ms
    Token ts_us
    Token ts_ns


cdef inline const uint8_t *read_row(const uint8_t *at, Row *row) noexcept nogil:
    """Read a row without arrays and objects in it, or null."""
    row.count = 0
    row.counts.brackets = 1
    row.is_converted = False
    if at[0] == c'n':
        return read_word(at, &row.whole, "null", 4, NULLED)
    row.whole.start = at
    row.whole.is_escaped = False
    row.whole.type = TEXT
    if at[0] != c'{':
        return NULL
    while True:
        if row.count == MOST_COLUMNS:
            return NULL
        at = read_name(at + 1, &row.members[row.count].name, &row.counts)
        if at == NULL:
            return NULL
        at = read_scalar(at, &row.members[row.count].value, &row.counts)
        if at == NULL:
            return NULL
        if row.members[row.count].value.is_escaped:
            row.whole.is_escaped = True
        row.count += 1
        if at[0] == c'}':
            row.whole.end = at + 1
            return at + 1
        if at[0] != c',':
            return NULL


cdef inline const uint8_t *read_once(
    const uint8_t *at, Token *token, TokenType type, bint may_be_null, Counts *counts
) noexcept nogil:
    """Read a value of the type into a token that has none yet."""
    if token.type != NO_VALUE:
        return NULL
    at = read_scalar(at, token, counts)
    if at == NULL or not (token.type == type or (may_be_null and token.type == NULLED)):
        return NULL
    return at


cdef inline const uint8_t *read_source_member(
    const uint8_t *at, const Token *name, Source *source, Counts *counts
) noexcept nogil:
    """Read the value of the member `name`; the name has its quotes and colon."""
    if equals(name, '"ts_ms":', 8):
        return read_once(at, &source.ts_ms, WHOLE, False, counts)
    if equals(name, '"ts_us":', 8):
        return read_once(at, &source.ts_us, WHOLE, True, counts)
    if equals(name, '"ts_ns":', 8):
        return read_once(at, &source.ts_ns, WHOLE, True, counts)
    if equals(name, '"db":', 5):
        return read_once(at, &source.db, TEXT, False, counts)
    if equals(name, '"name":', 7):
        return read_once(at, &source.name, TEXT, False, counts)
    if equals(name, '"schema":', 9):
        return read_once(at, &source.schema, TEXT, False, counts)
    if equals(name, '"table":', 8):
        return read_once(at, &source.table, TEXT, False, counts)
    if equals(name, '"lsn":', 6):
        return read_once(at, &source.lsn, WHOLE, False, counts)
    if equals(name, '"txId":', 7):
        return read_once(at, &source.tx_id, WHOLE, True, counts)
    if equals(name, '"sequence":', 11):
        return read_once(at, &source.sequence, TEXT, False, counts)
    if equals(name, '"connector":', 12):
        return read_once(at, &source.connector, TEXT, False, counts)
    if equals(name, '"version":', 10):
        return read_once(at, &source.ignored[0], TEXT, True, counts)
    if equals(name, '"snapshot":', 11):
        return read_once(at, &source.ignored[1], TEXT, True, counts)
    if equals(name, '"xmin":', 7):
        return read_once(at, &source.ignored[2], WHOLE, True, counts)
    if equals(name, '"origin":', 9):
        return read_once(at, &source.ignored[3], TEXT, True, counts)
    if equals(name, '"origin_lsn":', 13):
        return read_once(at, &source.ignored[4], WHOLE, True, counts)
    return NULL


cdef inline const uint8_t *read_source(const uint8_t *at, Source *source) noexcept nogil:
    """Read a source block of PostgreSQL's."""
    cdef Token name
    cdef Counts counts = Counts(0)
    if source.whole.type != NO_VALUE or at[0] != c'{':
        return NULL
    source.whole.type = TEXT
    source.whole.start = at
    while True:
        at = read_name(at + 1, &name, &counts)
        if at == NULL:
            return NULL
        at = read_source_member(at, &name, source, &counts)
        if at == NULL:
            return NULL
        if at[0] == c'}':
            source.whole.end = at + 1
            return at + 1 if equals(&source.connector, '"postgresql"', 12) else NULL
        if at[0] != c',':
            return NULL


cdef inline const uint8_t *read_transaction(
    const uint8_t *at, Envelope *envelope
) noexcept nogil:
    """Read a transaction block, or null."""
    cdef Token name
    cdef Token id
    cdef Counts counts = Counts(0)
    if envelope.transaction.type != NO_VALUE:
        return NULL
    if at[0] == c'n':
        return read_word(at, &envelope.transaction, "null", 4, NULLED)
    if at[0] != c'{':
        return NULL
    envelope.transaction.type = TEXT
    id.type = NO_VALUE
    while True:
        at = read_name(at + 1, &name, &counts)
        if at == NULL:
            return NULL
        if equals(&name, '"id":', 5):
            at = read_once(at, &id, TEXT, True, &counts)
        elif equals(&name, '"total_order":', 14):
            at = read_once(at, &envelope.total_order, WHOLE, True, &counts)
        elif equals(&name, '"data_collection_order":', 24):
            at = read_once(at, &envelope.collection_order, WHOLE, True, &counts)
        else:
            return NULL
        if at == NULL:
            return NULL
        if at[0] == c'}':
            return at + 1
        if at[0] != c',':
            return NULL


cdef inline const uint8_t *read_envelope_member(
    const uint8_t *at, const Token *name, Envelope *envelope, Counts *counts
) noexcept nogil:
    """Read the value of the member `name`; the name has its quotes and colon."""
    if equals(name, '"before":', 9):
        return NULL if envelope.before.whole.type != NO_VALUE else read_row(at, &envelope.before)
    if equals(name, '"after":', 8):
        return NULL if envelope.after.whole.type != NO_VALUE else read_row(at, &envelope.after)
    if equals(name, '"source":', 9):
        return read_source(at, &envelope.source)
    if equals(name, '"op":', 5):
        return read_once(at, &envelope.op, TEXT, False, counts)
    if equals(name, '"transaction":', 14):
        return read_transaction(at, envelope)
    if equals(name, '"ts_ms":', 8):
        return read_once(at, &envelope.ts_ms, WHOLE, True, counts)
    if equals(name, '"ts_us":', 8):
        return read_once(at, &envelope.ts_us, WHOLE, True, counts)
    if equals(name, '"ts_ns":', 8):
        return read_once(at, &envelope.ts_ns, WHOLE, True, counts)
    return NULL


cdef inline void forget(Envelope *envelope) noexcept nogil:
    """Make all tokens have no value."""
    cdef int index
    cdef Source *source = &envelope.source
    envelope.before.whole.type = NO_VALUE
    envelope.before.count = 0
    envelope.after.whole.type = NO_VALUE
    envelope.after.count = 0
    envelope.op.type = NO_VALUE
    envelope.transaction.type = NO_VALUE
    envelope.total_order.type = NO_VALUE
    envelope.collection_order.type = NO_VALUE
    envelope.ts_ms.type = NO_VALUE
    envelope.ts_us.type = NO_VALUE
    envelope.ts_ns.type = NO_VALUE
    source.whole.type = NO_VALUE
    source.connector.type = NO_VALUE
    source.connector.end = source.connector.start = NULL
    source.name.type = NO_VALUE
    source.db.type = NO_VALUE
    source.schema.type = NO_VALUE
    source.table.type = NO_VALUE
    source.ts_ms.type = NO_VALUE
    source.ts_us.type = NO_VALUE
    source.ts_ns.type = NO_VALUE
    source.sequence.type = NO_VALUE
    source.tx_id.type = NO_VALUE
    source.lsn.type = NO_VALUE
    for index in range(6):
        source.ignored[index].type = NO_VALUE


cdef inline bint read_envelope(
    const uint8_t *at, const uint8_t *end, Envelope *envelope
) noexcept nogil:
    """Read the envelope that the text from `at` to `end` is, and nothing else."""
    cdef Token name
    cdef Counts counts = Counts(0)
    forget(envelope)
    if at[0] != c'{':
        return False
    while True:
        at = read_name(at + 1, &name, &counts)
        if at == NULL:
            return False
        at = read_envelope_member(at, &name, envelope, &counts)
        if at == NULL:
            return False
        if at[0] == c'}':
            return (
                at + 1 == end
                and envelope.op.type == TEXT
                and envelope.source.whole.type == TEXT
            )
        if at[0] != c',':
            return False
