"""
Three Ray nodes on this machine: prints the address; a line on standard input kills one of two.

    python -m tests.unit.ray.cluster_program

It kills, with all its processes, a node that transforms, and not the head, where drivers join.
The end of standard input ends the cluster.
"""

import os
import sys
from pathlib import Path
from typing import Any, cast

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # as a local Ray of ours: loopback only

# What it needs of Ray is read when that is imported.
from ray.cluster_utils import Cluster

from tests.processes import descendants

NODE = {
    "num_cpus": 1,
    "object_store_memory": 80 * 1024 * 1024,
    # Each of these would be one more Python program to start, and nothing here looks at it.
    "include_dashboard": False,
    "include_log_monitor": False,
    "no_monitor": True,
}
NOTICES_SOON = {
    "health_check_initial_delay_ms": 500,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}


def transforms(pid: int) -> bool:
    """Whether one of our actors runs below this raylet."""
    return any(
        b"TransformWorker" in Path("/proc", str(below), "cmdline").read_bytes()
        for below in descendants(pid)
    )


def main() -> None:
    """Run until standard input ends."""
    ray_cluster = cast("Any", Cluster)  # its own annotations are wrong where there are any
    cluster = ray_cluster(
        initialize_head=True, head_node_args={**NODE, "_system_config": NOTICES_SOON}
    )
    # Drivers may join already; with one CPU a node, the second one's worker waits for a node.
    print(cluster.address, flush=True)  # noqa: T201 - whoever started this reads it
    nodes = [cluster.add_node(wait=False, **NODE) for _ in range(2)]
    cluster.wait_for_nodes()
    for _ in sys.stdin:
        busy = [n for n in nodes if transforms(n.all_processes["raylet"][0].process.pid)]
        cluster.remove_node(busy[0], allow_graceful=False)
        print("killed", flush=True)  # noqa: T201 - as above
    for node in [*cluster.worker_nodes, cluster.head_node]:
        cluster.remove_node(node, allow_graceful=False)  # nobody is left to be told
    cluster.shutdown()


if __name__ == "__main__":
    main()
