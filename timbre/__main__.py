"""`python -m timbre`: the command line."""

from timbre.cli.main import main

main()
