"""TLS and SASL against a real broker: both clients get in, and a wrong secret is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.embedded.errors import EmbeddedServerError
from adapters.kafka.change_source import KafkaChangeSource
from adapters.kafka.config import KafkaConfig
from domain.errors import SourceUnavailableError
from tests.contract.brokers import Member, kafka_config, poll_until
from tests.servers.kafka_cluster import KafkaCluster
from tests.servers.kafka_server import KafkaServer
from tests.unit.kafka.certificates import Certificates

pytestmark = pytest.mark.kafka

USER = {"sasl_username": "audit", "sasl_password": "audit-secret"}
PLAIN_LOGIN = (
    'org.apache.kafka.common.security.plain.PlainLoginModule required user_audit="audit-secret";'
)
SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class SecureBroker:
    """
    One broker with a listener for each protocol.

    Attributes:
        server: It.
        certificates: What it trusts, and is trusted by.
    """

    def __init__(self, folder: Path) -> None:
        self.certificates = Certificates(folder)
        broker = self.certificates.sign("broker")
        self.client = self.certificates.sign("client")
        self.server = KafkaServer(
            folder / "kafka",
            protocols=("PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL", "SSL"),
            scram_users=[
                f"SCRAM-SHA-{bits}=[name=audit,password=audit-secret]" for bits in (256, 512)
            ],
            settings={
                "ssl.keystore.type": "PEM",
                "ssl.keystore.location": str(self.certificates.together(*broker)),
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": str(self.certificates.authority),
                "listener.name.ssl.ssl.client.auth": "required",
                "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
                **{
                    f"listener.name.{listener}.{mechanism}.sasl.jaas.config": login
                    for listener in ("sasl_ssl", "sasl_plaintext")
                    for mechanism, login in (
                        ("plain", PLAIN_LOGIN),
                        ("scram-sha-256", SCRAM_LOGIN),
                        ("scram-sha-512", SCRAM_LOGIN),
                    )
                },
            },
        )

    def config(self, protocol: str, topic: str, **settings: Any) -> KafkaConfig:  # noqa: ANN401 - any setting
        """Read `topic` by the listener for `protocol`."""
        return kafka_config(
            KafkaCluster(self.server.address(protocol)),
            topics=[topic],
            security_protocol=protocol,
            ssl_cafile=str(self.certificates.authority),
            **settings,
        )


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """Give a broker with users and certificates."""
    broker = SecureBroker(tmp_path_factory.mktemp("secure"))
    try:
        broker.server.start()
    except EmbeddedServerError as error:
        pytest.skip(f"no Kafka of our own: {error}")
    yield broker
    broker.server.stop()


@pytest.fixture
async def topic(broker: SecureBroker) -> str:
    """Give a topic with one record."""
    cluster = KafkaCluster(broker.server.bootstrap)
    topic = cluster.create_topic(cluster.scratch("orders"))
    await cluster.produce(topic, b"a secret")
    return topic


async def read_one(config: KafkaConfig) -> tuple[bytes | None, int]:
    """The first record that the consumer gets, and how many partitions the admin client sees."""
    source = KafkaChangeSource(config)
    member = await Member(source).start()
    try:
        (value,) = await member.read(1)
        return value, len(await source.existing())
    finally:
        await source.stop()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
async def test_a_user_gets_in(
    broker: SecureBroker, topic: str, protocol: str, mechanism: str
) -> None:
    config = broker.config(protocol, topic, sasl_mechanism=mechanism, **USER)

    assert await read_one(config) == (b"a secret", 1)


async def test_a_certificate_of_ones_own_gets_in(broker: SecureBroker, topic: str) -> None:
    certificate, key = broker.client
    config = broker.config("SSL", topic, ssl_certfile=str(certificate), ssl_keyfile=str(key))

    assert await read_one(config) == (b"a secret", 1)


async def test_a_broker_that_goes_by_another_name_is_accepted_when_told_so(
    broker: SecureBroker, topic: str
) -> None:
    config = msgspec.structs.replace(
        broker.config("SASL_SSL", topic, sasl_mechanism="PLAIN", **USER),
        bootstrap_servers=[broker.server.address("SASL_SSL").replace("127.0.0.1", "localhost")],
        ssl_check_hostname=False,
    )

    assert await read_one(config) == (b"a secret", 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sasl_password": "guessed"},
        {"ssl_cafile": None},
    ],
    ids=["password", "authority"],
)
async def test_who_is_not_let_in_is_told_so_without_the_password(
    broker: SecureBroker, topic: str, wrong: dict[str, Any]
) -> None:
    right = broker.config("SASL_SSL", topic, sasl_mechanism="SCRAM-SHA-512", **USER)
    config = msgspec.structs.replace(right, **wrong)
    source = KafkaChangeSource(config)
    member = await Member(source).start()

    with pytest.raises(SourceUnavailableError) as refused:
        await poll_until(lambda: False, member)
    await source.stop()

    assert config.bootstrap_servers[0] in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "guessed" not in str(refused.value)
