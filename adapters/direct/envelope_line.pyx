# cython: language_level=3, cdivision=True, initializedcheck=False
"""
From the bytes of an envelope to its line of COPY, in one step and without an object between.

    value ──▶ behind its schema ──▶ Envelope (tokens) ──▶ Pattern of its table ──▶ line
    key   ──▶ behind its schema ──▶ Row (tokens)      ──▶ its hash ──────────────┘

It knows nothing by itself: each table, its columns, its key, and what all its changes share is
taught (`learn`) from a change that the decoder and the encoder made. It stops at whatever differs
from that, or might need a closer look: they make that line, as they would have made all of them.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeASCII
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp

from adapters.direct.copy_field cimport (
    SIZE,
    TEXT_OID,
    put_2_bytes,
    put_4_bytes,
    put_bare_hexadecimal,
    put_byte,
    put_hexadecimal,
    put_int4,
    put_int8,
    put_null,
    put_sized,
    put_text,
    put_time,
)
from adapters.direct.envelope_read cimport Envelope, MOST_COLUMNS, Row, read_envelope, read_row
from adapters.direct.front cimport goes_behind, is_wrapped, start_of
from adapters.direct.json_scan cimport (
    NULLED,
    TEXT,
    TRUE,
    WHOLE,
    Counts,
    Token,
    are_equal,
    equals,
    read_scalar,
    size_of,
    to_number,
)
from adapters.direct.read_field cimport put_bytes, put_digits, put_number, put_row, put_token
from adapters.direct.source_read cimport MILLISECOND, read_sequence, time_of

from application.ordinary_ports import MICROSECONDS_PER_DAY as _MICROSECONDS_PER_DAY
from application.ordinary_ports import OrdinaryRun
from domain.jsonb_safety import MAX_DEPTH
from domain.timestamps import EARLIEST, LATEST, ONE_DAY

cdef extern from "<string.h>" nogil:
    void *memmem(const void *text, size_t size, const void *sought, size_t sought_size)

cdef uint64_t _EARLIEST = EARLIEST
cdef uint64_t _LATEST = LATEST
cdef uint64_t _ONE_DAY = ONE_DAY
cdef int _MAX_DEPTH = MAX_DEPTH
cdef int64_t MICROSECONDS_PER_DAY = _MICROSECONDS_PER_DAY
cdef tuple _NO_FRONTS = (None, None)

cdef enum:
    SHORT = 1000             # bytes of a key or a source block; of a row whose depth is no matter
    LONGEST_FILLER = 4       # characters of a text that begins with a letter: PT0S, AA==
    SORTING = 33             # characters of two numbers in hexadecimal, and what parts them
    UNBROKEN = 512           # records between two chances for other threads: about a millisecond
    FIELDS = 29              # of a line: those of `AuditRecord`
    ROOM = 500               # for numbers, times, the position, and the sizes of all fields


cdef class Pattern:
    """What the changes of one table share, of one operation, with or without an old row."""

    cdef bytes names
    cdef tuple columns
    cdef tuple elements
    cdef tuple conversions
    cdef tuple key_columns
    cdef tuple key_places
    cdef tuple tells_nothing
    cdef object hash
    cdef object kind
    cdef bytes start
    cdef bytes judged
    cdef bytes end
    cdef Py_ssize_t room
    cdef Py_ssize_t count
    cdef Py_ssize_t first

    def __init__(self, taught):
        self.names = taught.names
        self.columns = taught.columns
        self.elements = taught.elements
        self.conversions = taught.conversions
        self.key_columns = taught.key_columns
        self.key_places = taught.key_places
        self.tells_nothing = taught.tells_nothing
        self.hash = taught.hash
        self.kind = taught.kind
        self.start = taught.start
        self.judged = taught.judged
        self.end = taught.end
        self.room = sum(
            len(fields) for fields in (*taught.elements, taught.start, taught.judged, taught.end)
        )

    cdef bint fits(self, const Row *row, tuple columns) noexcept:
        """Whether the columns of a row are those, in that order."""
        cdef int index
        cdef bytes name
        if columns is None or row.count != len(columns):
            return False
        for index in range(row.count):
            name = <bytes> columns[index]
            if not equals(
                &row.members[index].name, PyBytes_AS_STRING(name), PyBytes_GET_SIZE(name)
            ):
                return False
        return True


cdef class EnvelopeLine:
    """
    Makes the lines of envelopes of PostgreSQL's: `begin`, any number of `take` and `add`, `run`.

    Args:
        stand_ins: Texts, as JSON, that stand for a value that was not sent.
        markers: What no row has in it that can be stored as it is.
        headers_of: What is stored of headers; False if they mean something.

    Attributes:
        wants_teaching: Whether the last record was refused because of what was taught of its table,
            or was not.
    """

    cdef Envelope envelope
    cdef Row key_row
    cdef uint8_t changed[MOST_COLUMNS]
    cdef uint64_t changed_at
    cdef uint64_t captured_at
    cdef uint64_t kafka_at
    cdef uint64_t commit
    cdef uint64_t lsn
    cdef uint8_t names[SHORT + 10]
    cdef uint8_t *room
    cdef Py_ssize_t room_size
    cdef Py_ssize_t used
    cdef int64_t newest
    cdef int64_t last_day
    cdef set days
    cdef list positions
    cdef list met
    cdef dict kinds
    cdef dict firsts
    cdef object headers_of
    cdef tuple stand_ins
    cdef tuple markers
    cdef dict fronts
    cdef dict patterns
    cdef Pattern last
    cdef bytes front
    cdef list converted
    cdef Py_ssize_t converted_size
    cdef readonly bint wants_teaching

    def __init__(self, tuple stand_ins, tuple markers, headers_of):
        self.stand_ins = tuple([bytes(text) for text in stand_ins])
        self.markers = tuple([bytes(text) for text in markers])
        self.headers_of = headers_of
        self.fronts = {}
        self.patterns = {}
        self.last = None
        self.converted = []
        self.met = []
        self.begin()

    def __dealloc__(self):
        PyMem_Free(self.room)

    def learn(self, str topic, taught):
        """Teach what is common to a table's changes, in place of what was taught before."""
        cdef Pattern pattern = Pattern(taught)
        self.fronts[topic] = taught.front, taught.key_front
        self.patterns[taught.front, pattern.names] = pattern
        self.last = None

    def forget(self):
        """Forget everything that was taught."""
        self.fronts.clear()
        self.patterns.clear()
        self.last = None

    def __len__(self):
        return len(self.patterns)

    def begin(self):
        """Begin a run."""
        cdef Pattern pattern
        self.wants_teaching = False
        self.used = 0
        self.newest = 0
        self.last_day = -1
        self.days = set()
        self.positions = []
        self.kinds = {}
        self.firsts = {}
        for pattern in self.met or ():
            pattern.count = 0
        self.met = []

    def take(self, records, Py_ssize_t start, int32_t stream_id, Py_ssize_t limit):
        """
        Make the lines of the records from `start` on, up to the first that needs a closer look.

        Returns:
            The index of that record, or behind the last one.
        """
        cdef Py_ssize_t index = start
        cdef Py_ssize_t end = len(records)
        try:
            while index < end and self.takes(records[index], index, stream_id, limit):
                index += 1
                if index % UNBROKEN == 0:
                    with nogil:  # whoever has asked for the lock gets it: the event loop, above all
                        pass
        except MemoryError:
            raise
        except Exception:  # whoever looks closer meets it again, and judges
            self.wants_teaching = False
        return index

    def add(self, Py_ssize_t index, tuple line):
        """Add a line that was made elsewhere."""
        text, kind, stamp, position = line
        self.used = put_bytes(self.with_room(PyBytes_GET_SIZE(text)), text) - self.room
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        self.firsts.setdefault(kind, index)
        self.note(stamp, position)

    def run(self, Py_ssize_t end):
        """What was made since `begin`, the last of it at the index before `end`."""
        cdef Pattern pattern
        for pattern in self.met:
            self.kinds[pattern.kind] = self.kinds.get(pattern.kind, 0) + pattern.count
            self.firsts[pattern.kind] = min(
                pattern.first, self.firsts.get(pattern.kind, pattern.first)
            )
        rows = PyBytes_FromStringAndSize(<const char *> self.room, self.used)
        return OrdinaryRun(
            end, rows, self.positions, self.kinds, self.firsts, self.newest, self.days
        )

    cdef bint takes(
        self, record, Py_ssize_t index, int32_t stream_id, Py_ssize_t limit
    ) except -1:
        """Make the line of a record; False if it needs a closer look."""
        cdef Pattern pattern
        cdef const uint8_t *text
        cdef const uint8_t *end
        self.wants_teaching = False
        value, key = record.value, record.key
        if type(value) is not bytes or (key is not None and type(key) is not bytes):
            return False
        text = start_of(value)
        end = text + PyBytes_GET_SIZE(value)
        if end - text + (0 if key is None else PyBytes_GET_SIZE(key)) > limit:
            return False
        headers = record.headers
        stored = self.headers_of(headers) if headers else None
        if stored is False:
            return False
        front = key_front = None
        if is_wrapped(text) or (key is not None and is_wrapped(start_of(key))):
            front, key_front = self.fronts.get(record.topic, _NO_FRONTS)
            if not goes_behind(front, &text, &end):
                self.wants_teaching = True
                return False
        if not (
            read_envelope(text, end, &self.envelope)
            and self.reads_source()
            and self.reads_times(record.timestamp)
        ):
            return False
        pattern = self.pattern(front)
        if pattern is None or not (self.fits(pattern) and self.reads_key(pattern, key, key_front)):
            self.wants_teaching = True
            return False
        if pattern.conversions is not None and not self.converts(pattern):
            return False
        if not (self.has_ordinary_rows(pattern) and self.compares(pattern)):
            return False
        self.write(pattern, record, stream_id, self.canonical(pattern, key), stored)
        if pattern.count == 0:
            pattern.first = index
            self.met.append(pattern)
        pattern.count += 1
        self.note(self.changed_at, self.position())
        return True

    cdef int note(self, int64_t stamp, str position) except -1:
        """Note when and where a change was."""
        cdef int64_t day = stamp // MICROSECONDS_PER_DAY
        if stamp > self.newest:
            self.newest = stamp
        if day != self.last_day:
            self.last_day = day
            self.days.add(day)
        self.positions.append(position)
        return 0

    cdef bint reads_source(self) noexcept:
        """Read what the source block says of place and transaction."""
        cdef Envelope *envelope = &self.envelope
        cdef uint64_t number
        if size_of(&envelope.source.whole) > SHORT or envelope.source.ts_ms.type != WHOLE:
            return False
        if not to_number(&envelope.source.lsn, &self.lsn):
            return False
        if envelope.source.tx_id.type != WHOLE:
            if envelope.transaction.type == TEXT:
                return False
        elif not to_number(&envelope.source.tx_id, &number):
            return False
        if envelope.total_order.type == WHOLE and not to_number(&envelope.total_order, &number):
            return False
        if envelope.collection_order.type == WHOLE and not to_number(
            &envelope.collection_order, &number
        ):
            return False
        return read_sequence(&envelope.source.sequence, &self.commit)

    cdef bint reads_times(self, int64_t milliseconds) noexcept:
        """Read when the row was changed, and when the connector and Kafka had it."""
        cdef Envelope *envelope = &self.envelope
        if not time_of(
            &envelope.source.ts_ns, &envelope.source.ts_us, &envelope.source.ts_ms, &self.changed_at
        ):
            return False
        if not time_of(&envelope.ts_ns, &envelope.ts_us, &envelope.ts_ms, &self.captured_at):
            return False
        if milliseconds < 0 or <uint64_t> milliseconds >= _LATEST // MILLISECOND:
            return False
        self.kafka_at = <uint64_t> milliseconds * MILLISECOND
        return (
            self.kafka_at >= _EARLIEST
            and _EARLIEST <= self.changed_at <= self.kafka_at + _ONE_DAY
            and self.captured_at < _LATEST
        )

    cdef Pattern pattern(self, front):
        """What was taught of the table, the operation, and with or without an old row."""
        cdef Envelope *envelope = &self.envelope
        cdef uint8_t *end = self.names
        cdef Py_ssize_t size
        if envelope.source.name.type != TEXT or envelope.source.db.type != TEXT:
            return None
        if envelope.source.schema.type != TEXT or envelope.source.table.type != TEXT:
            return None
        end = put_token(end, &envelope.source.name)
        end = put_token(end, &envelope.source.db)
        end = put_token(end, &envelope.source.schema)
        end = put_token(end, &envelope.source.table)
        end = put_byte(end, envelope.op.start[1] if size_of(&envelope.op) == 3 else c'"')
        end = put_byte(end, c'+' if envelope.before.whole.type == TEXT else c'-')
        size = end - self.names
        if self.last is not None and self.front is front and (
            size == PyBytes_GET_SIZE(self.last.names)
            and memcmp(self.names, PyBytes_AS_STRING(self.last.names), size) == 0
        ):
            return self.last
        names = PyBytes_FromStringAndSize(<const char *> self.names, size)
        self.front = front
        self.last = self.patterns.get((front, names))
        return self.last

    cdef bint fits(self, Pattern pattern) noexcept:
        """Whether the columns of the rows are what was taught."""
        cdef Row *old = &self.envelope.before
        cdef Row *new = &self.envelope.after
        return (old.whole.type != TEXT or pattern.fits(old, pattern.columns)) and (
            new.whole.type != TEXT or pattern.fits(new, pattern.columns)
        )

    cdef bint reads_key(self, Pattern pattern, key, front) noexcept:
        """Read a key whose columns are what was taught, if that has one."""
        cdef const uint8_t *text
        cdef const uint8_t *end
        if key is None:
            return pattern.key_columns is None
        text = start_of(key)
        end = text + PyBytes_GET_SIZE(key)
        if not goes_behind(front, &text, &end) or end - text > SHORT:
            return False
        return (
            read_row(text, &self.key_row) == end
            and self.key_row.whole.type == TEXT
            and not self.key_row.whole.is_escaped
            and pattern.fits(&self.key_row, pattern.key_columns)
        )

    cdef bint converts(self, Pattern pattern):
        """Bring values into their canonical form; False if one does not come to that."""
        cdef Row *old = &self.envelope.before
        cdef Row *new = &self.envelope.after
        cdef Token wire
        cdef int index
        self.converted.clear()
        self.converted_size = 0
        if old.counts.brackets > _MAX_DEPTH or new.counts.brackets > _MAX_DEPTH:
            return False
        for index, convert in pattern.conversions:
            if index < new.count:
                wire = new.members[index].value
                if not self.is_converted(new, index, convert):
                    return False
            if index < old.count:
                if index < new.count and are_equal(&wire, &old.members[index].value):
                    old.members[index].value = new.members[index].value
                    old.is_converted = True
                    self.converted_size += size_of(&old.members[index].value)
                elif not self.is_converted(old, index, convert):
                    return False
        return True

    cdef bint is_converted(self, Row *row, int index, convert):
        """Convert a value, which then is a text of its own."""
        cdef Token *value = &row.members[index].value
        cdef Counts counts = Counts(0)
        cdef const uint8_t *text
        if value.type == NULLED:
            return True
        wire = PyBytes_FromStringAndSize(<const char *> value.start, size_of(value))
        canonical = convert(wire)
        if type(canonical) is not bytes:
            return False
        self.converted.append(canonical)  # the token points into it
        self.converted_size += PyBytes_GET_SIZE(canonical)
        row.is_converted = True
        text = start_of(canonical)
        return (
            read_scalar(text, value, &counts) == text + PyBytes_GET_SIZE(canonical)
            and counts.brackets == 0
        )

    cdef bint has_ordinary_rows(self, Pattern pattern) noexcept:
        """Whether the rows are those that the operation has, and can be stored as they are."""
        cdef Row *old = &self.envelope.before
        cdef Row *new = &self.envelope.after
        cdef uint8_t operation = self.envelope.op.start[1]
        if not (self.can_be_stored(old) and self.can_be_stored(new)):
            return False
        if operation == c'd':
            return old.whole.type == TEXT and new.whole.type != TEXT and self.has_data(pattern)
        return new.whole.type == TEXT and not (operation == c'u' and self.may_lack_values(new))

    cdef bint can_be_stored(self, const Row *row) noexcept:
        """Whether nothing in a row asks for another form."""
        cdef bytes marker
        if row.whole.type != TEXT:
            return True
        if size_of(&row.whole) > SHORT and row.counts.brackets > _MAX_DEPTH:
            return False
        for marker in self.markers:
            if memmem(
                row.whole.start,
                size_of(&row.whole),
                PyBytes_AS_STRING(marker),
                PyBytes_GET_SIZE(marker),
            ) != NULL:
                return False
        return True

    cdef bint may_lack_values(self, const Row *row) noexcept:
        """Whether a value stands for one that was not sent."""
        cdef int index
        cdef bytes text
        cdef const Token *value
        for index in range(row.count):
            value = &row.members[index].value
            if value.type != TEXT:
                continue
            for text in self.stand_ins:
                if equals(value, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text)):
                    return True
        return False

    cdef bint has_data(self, Pattern pattern) noexcept:
        """Whether a deleted row has a value outside its key that surely is no filler."""
        cdef int index
        cdef const Token *value
        for index in range(self.envelope.before.count):
            value = &self.envelope.before.members[index].value
            if pattern.tells_nothing[index]:
                continue
            if value.type == TRUE or (value.type == WHOLE and value.start[0] != c'0'):
                return True
            if value.type == TEXT and _is_no_filler(value):
                return True
        return False

    cdef bint compares(self, Pattern pattern) noexcept:
        """Note which columns differ. Equal values have equal texts: each has one way to be read."""
        cdef Row *old = &self.envelope.before
        cdef Row *new = &self.envelope.after
        cdef const Token *before
        cdef const Token *after
        cdef int index
        if old.whole.type != TEXT or new.whole.type != TEXT:
            return True
        if pattern.key_columns is not None and old.count <= len(pattern.key_columns):
            return False  # the key only, perhaps
        for index in range(new.count):
            before = &old.members[index].value
            after = &new.members[index].value
            self.changed[index] = not are_equal(before, after)
        return True

    cdef bytes canonical(self, Pattern pattern, key):
        """The canonical JSON of the key, if there is one."""
        cdef int place
        cdef uint8_t text[SHORT]
        cdef uint8_t *end = text
        if key is None:
            return None
        for place in pattern.key_places:
            end = put_byte(end, c'{' if end == text else c',')
            end = put_token(end, &self.key_row.members[place].name)
            end = put_token(end, &self.key_row.members[place].value)
        end = put_byte(end, c'}')
        return PyBytes_FromStringAndSize(<const char *> text, end - text)

    cdef str position(self):
        """Last commit and position, which sort."""
        cdef uint8_t text[SORTING]
        self.put_sorting(text)
        return PyUnicode_DecodeASCII(<const char *> text, SORTING, NULL)

    cdef int write(
        self, Pattern pattern, record, int32_t stream_id, bytes key, headers
    ) except -1:
        """Write the line."""
        cdef Envelope *envelope = &self.envelope
        cdef Py_ssize_t headers_size = 0
        cdef const char *headers_text = NULL
        cdef uint8_t *out
        if headers is not None:
            headers_text = PyUnicode_AsUTF8AndSize(headers, &headers_size)
        out = self.with_room(
            ROOM + pattern.room + SHORT + headers_size
            + PyBytes_GET_SIZE(record.value) + self.converted_size
        )
        out = put_int4(put_2_bytes(out, FIELDS), stream_id)
        out = put_int4(out, record.partition)
        out = put_int8(out, record.offset)
        out = put_time(out, self.changed_at)
        out = put_text(out, "source", 6)
        out = put_time(out, self.captured_at)
        out = put_time(out, self.kafka_at)
        out = put_bytes(out, pattern.start)
        if key is None:
            out = put_null(put_null(out))
        else:
            out = put_text(out, PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key))
            out = put_int8(out, _hash_of(pattern, key))
        out = put_row(out, &envelope.before)
        out = put_row(out, &envelope.after)
        out = self.put_changed(out, pattern)
        out = put_bytes(out, pattern.judged)
        out = put_digits(out, &envelope.source.tx_id)
        out = put_number(out, &envelope.total_order)
        out = put_number(out, &envelope.collection_order)
        out = self.put_place(out)
        out = put_text(out, envelope.source.whole.start, size_of(&envelope.source.whole))
        if headers_text == NULL:
            out = put_null(out)
        else:
            out = put_text(out, headers_text, headers_size)
        out = put_bytes(out, pattern.end)
        self.used = out - self.room
        return 0

    cdef uint8_t *with_room(self, Py_ssize_t size) except NULL:
        """Where the next line goes, with memory for so many bytes."""
        cdef uint8_t *room
        cdef Py_ssize_t wanted = self.used + size
        if wanted > self.room_size:
            room = <uint8_t *> PyMem_Realloc(self.room, 2 * wanted)
            if room == NULL:
                raise MemoryError
            self.room = room
            self.room_size = 2 * wanted
        return self.room + self.used

    cdef uint8_t *put_place(self, uint8_t *out) noexcept:
        """Write the position as PostgreSQL does, and as it sorts."""
        cdef uint8_t *field = out
        out = put_byte(put_bare_hexadecimal(out + SIZE, self.lsn >> 32), c'/')
        out = put_sized(field, put_bare_hexadecimal(out, <uint32_t> self.lsn))
        return self.put_sorting(put_4_bytes(out, SORTING))

    cdef uint8_t *put_sorting(self, uint8_t *out) noexcept:
        """Write last commit and position, without a size."""
        out = put_byte(put_hexadecimal(out, self.commit, 16), c'/')
        return put_hexadecimal(out, self.lsn, 16)

    cdef uint8_t *put_changed(self, uint8_t *out, Pattern pattern) noexcept:
        """Write the array of the columns that differ."""
        cdef uint8_t *field = out
        cdef uint8_t *count
        cdef int index
        cdef int changed = 0
        if self.envelope.before.whole.type != TEXT or self.envelope.after.whole.type != TEXT:
            return put_null(out)
        out = put_4_bytes(out + SIZE, 1)  # dimensions
        out = put_4_bytes(put_4_bytes(out, 0), TEXT_OID)  # no nulls
        count = out
        out = put_4_bytes(out + SIZE, 1)  # the first index
        for index in range(self.envelope.after.count):
            if self.changed[index]:
                out = put_bytes(out, <bytes> pattern.elements[index])
                changed += 1
        if changed == 0:
            put_4_bytes(field + SIZE, 0)  # an empty array has no dimension
            return put_sized(field, count)
        put_4_bytes(count, changed)
        return put_sized(field, out)


cdef int64_t _hash_of(Pattern pattern, bytes key) except? -1:
    """The hash of a key of the table, as `domain.record_key` has it."""
    cdef int index
    cdef uint64_t number = 0
    cdef const uint8_t *first
    whole = pattern.hash.copy()
    whole.update(key)
    whole.update(b"]")
    digest = whole.digest()
    first = <const uint8_t *> PyBytes_AS_STRING(digest)
    for index in range(8):
        number = number << 8 | first[index]
    return <int64_t> number


cdef bint _is_no_filler(const Token *text) noexcept nogil:
    """Whether Debezium surely fills no column with a text: fillers in letters are short capitals."""
    cdef uint8_t first = text.start[1]
    return c'a' <= first <= c'z' or (
        c'A' <= first <= c'Z' and size_of(text) > LONGEST_FILLER + 2
    )
