"""A connector for the benches: one operation, once by an idempotency key."""
