"""`python -m raceway_cli` is `raceway`."""

from raceway_cli.main import main

main()
