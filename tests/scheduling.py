"""
How `make test` deals the tests out to two processes.

    pytest -n 2 ──▶ a file of tests at a time ──▶ worker, with servers of its own
                └─▶ what must stay together   ──▶ worker, likewise

Most tests wait half of their time for a server. What is made of whole services, and Ray, stays with
one worker: two of these at once would compete for the same two cores.
"""

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

_TOGETHER = {
    "tests/e2e/": "services",
    "tests/examples/": "services",  # on the documented ports, as the demo is
    "tests/unit/ray/": "ray",
    "tests/contract/test_batch_transformer.py": "ray",
}


class FilesInOrder(LoadFileScheduling):
    """Gives each worker the next file, and all files of one kind to the same worker."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((kind for start, kind in _TOGETHER.items() if file.startswith(start)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FilesInOrder:
    """Deal the tests out in this way, in the order in which they were collected."""
    config.option.loadscopereorder = False
    return FilesInOrder(config, log)
