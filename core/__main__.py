"""`python -m ctxzip`."""

from ctxzip.cli.app import main

main()
