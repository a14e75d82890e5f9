"""The inside of the simulated shop: its GraphQL, its state, its webhooks."""

__all__: list[str] = []
