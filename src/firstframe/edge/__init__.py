"""1 · Bytes in, durable, answered."""
