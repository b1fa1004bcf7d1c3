"""What `cdc-audit run` does besides running the service."""

import gc

from entrypoints.run import settle_garbage


def test_the_garbage_collector_does_not_look_at_what_is_there_for_good() -> None:
    before = gc.get_threshold()
    try:
        settle_garbage()

        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] > before[0]
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
