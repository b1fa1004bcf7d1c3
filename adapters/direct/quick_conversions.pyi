# The interface of the compiled module; its source is in quick_conversions.pyx.

from collections.abc import Callable

class _Quick:
    def __call__(self, json: bytes, /) -> bytes | None: ...

class QuickDate(_Quick):
    def __init__(self, otherwise: Callable[[bytes], bytes | None]) -> None: ...

class QuickTime(_Quick):
    def __init__(self, otherwise: Callable[[bytes], bytes | None], digits: int) -> None: ...

class QuickTimestamp(_Quick):
    def __init__(self, otherwise: Callable[[bytes], bytes | None], digits: int) -> None: ...

class QuickDecimal(_Quick):
    def __init__(self, otherwise: Callable[[bytes], bytes | None], scale: int) -> None: ...
