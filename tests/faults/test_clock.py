"""The service's clock jumps: no decision that loses or repeats a record may hang on it."""

from pathlib import Path

import pytest

from tests.faults.scene import Scene

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.faults]

JUMPS = ("+3d", "-3d", "+1h", "-400d", "+0")
LIBRARIES = "*/faketime/libfaketime.so.1"  # Debian's package faketime


def test_a_clock_that_jumps_back_and_forth_costs_nothing(scene: Scene, tmp_path: Path) -> None:
    libraries = sorted(Path("/usr/lib").glob(LIBRARIES))
    if not libraries:
        pytest.skip("libfaketime is not installed (Debian: apt-get install faketime)")
    clock = tmp_path / "clock"
    clock.write_text("+0\n", encoding="ascii")
    scene.environment = {
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # as Linux has it: the wall clock alone jumps
    }

    days: set[str] = set()

    with scene.flowing() as service:
        for jump in JUMPS:
            clock.write_text(f"{jump}\n", encoding="ascii")
            scene.wait_for_recovery(service)
            days.add(str(service.ask("/health").report["timestamp"])[: len("2026-01-01")])

    scene.verify("the service's clock jumps", service, times=len(JUMPS))
    assert len(days) >= len({"+3d", "-3d", "-400d", "+0"})
    assert "Traceback" not in service.output
