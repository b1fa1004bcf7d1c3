"""Apache Kafka: consumer group and admin client."""
