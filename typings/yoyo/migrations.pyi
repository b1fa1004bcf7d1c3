from collections.abc import Iterator

from yoyo.backends.base import DatabaseBackend

class Migration:
    id: str
    hash: str
    def process_steps(
        self, backend: DatabaseBackend, direction: str, force: bool = False
    ) -> None: ...

class MigrationList:
    def __iter__(self) -> Iterator[Migration]: ...

def read_migrations(*sources: str) -> MigrationList: ...
