"""`python -m firstframe` is `firstframe`."""

from firstframe.cli import main

main()
