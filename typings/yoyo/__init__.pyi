from collections.abc import Callable

import psycopg

def step(apply: Callable[[psycopg.Connection[tuple[object, ...]]], None]) -> object: ...
