"""5 · The columns: ClickHouse, embedded or elsewhere, and everything that is said to it about tables."""
