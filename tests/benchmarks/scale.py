"""How much is measured: enough for a figure, everything, or only to show that it runs."""

import msgspec


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """
    How much is measured.

    Attributes:
        name: What it is called in what is printed.
        rounds: Rounds of what takes seconds; each figure is a median of so many samples.
        starts: Starts of the service with Ray, which take ten seconds each; 0 leaves them out.
        decoded: Events of each shape that are decoded in each round.
        stored: Events that go from Kafka to PostgreSQL in each round.
        naive: Events that the straightforward service stores in each round.
        poisoned: Records of the topic of which one in a hundred is poison, and of the clean one.
        flow_seconds: Seconds for which 1,000 events a second are written.
        single_changes: Changes that come one at a time to an idle service.
        backlog: Events that wait while resident memory is measured.
        database_pause: Seconds for which the database is frozen meanwhile.
        trail: Rows of the trail in which is looked up.
        lookups: How often is looked up.
        appended: Events of each batch that is appended to tables of different sizes.
        on_ray: Events of each shape that go to Ray's workers in each round.
    """

    name: str
    rounds: int
    starts: int
    decoded: int
    stored: int
    naive: int
    poisoned: int
    flow_seconds: float
    single_changes: int
    backlog: int
    database_pause: float
    trail: int
    lookups: int
    appended: int
    on_ray: int


DEFAULT = Scale(
    name="default",
    rounds=5,
    starts=3,
    decoded=20_000,
    stored=400_000,
    naive=60_000,
    poisoned=100_000,
    flow_seconds=20.0,
    single_changes=60,
    backlog=400_000,
    database_pause=10.0,
    trail=1_000_000,
    lookups=400,
    appended=20_000,
    on_ray=40_000,
)
FULL = msgspec.structs.replace(
    DEFAULT,
    name="full",
    rounds=7,
    starts=5,
    flow_seconds=60.0,
    single_changes=200,
    backlog=3_000_000,
    database_pause=60.0,
    trail=10_000_000,
    lookups=2_000,
)
SMOKE = Scale(
    name="smoke",
    rounds=1,
    starts=0,
    decoded=200,
    stored=2_000,
    naive=400,
    poisoned=2_000,
    flow_seconds=1.0,
    single_changes=3,
    backlog=2_000,
    database_pause=0.5,
    trail=2_000,
    lookups=10,
    appended=500,
    on_ray=1_000,
)
