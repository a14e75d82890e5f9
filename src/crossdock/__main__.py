"""`python -m crossdock`."""

from crossdock.apps.cli import main

main()
