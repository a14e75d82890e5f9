"""What someone starts: the command line, the HTTP server, the demo. `bootstrap` is the only wiring."""

__all__: list[str] = []
