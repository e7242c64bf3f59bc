"""The journal as a Kafka topic: shared by collectors and fold workers on any number of machines (ADR 0021)."""
