"""Settings of a PostgreSQL database."""

import msgspec


class DatabaseConfig(msgspec.Struct, kw_only=True):
    """
    How to reach a database.

    Attributes:
        host: Host name, address, or folder of the server's socket.
        port: Port.
        username: User.
        password: Password. A secret.
        database: Database.
        schema: Schema that holds the tables.
        pool_size: Connections kept open.
        max_overflow: Further connections under load.
        pool_timeout: Seconds to wait for a free connection.
        pool_recycle: Seconds after which a connection is replaced.
        connect_timeout: Seconds to wait for a connection to be made.
        sslmode: As libpq has it (``disable`` ... ``verify-full``).
        sslrootcert: Certificates to trust, PEM.
        sslcert: Our certificate, PEM.
        sslkey: Our key, PEM.
        writer_role: Role that the service takes for writing (``SET ROLE``); None takes none.
        reader_role: Role that the page and the query API take; None takes none.
        partition_by: ``month``, ``day`` or ``year``: how the trail is partitioned.
        statement_timeout: Seconds after which a query of a reader is given up.
    """

    host: str = "localhost"
    port: int = 5432
    username: str = "admin"
    password: str = "admin"  # noqa: S105 - the documented default; validate() refuses it outside DEVELOPMENT
    database: str = "sink_db"
    schema: str = "public"
    pool_size: int = 10
    max_overflow: int = 20
    pool_timeout: int = 30
    pool_recycle: int = 3600
    connect_timeout: int = 10
    sslmode: str = "prefer"
    sslrootcert: str | None = None
    sslcert: str | None = None
    sslkey: str | None = None
    writer_role: str | None = None
    reader_role: str | None = None
    partition_by: str = "month"
    statement_timeout: float = 10.0
