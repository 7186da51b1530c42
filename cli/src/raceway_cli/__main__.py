"""`python -m raceway_cli` is `raceway`."""

from raceway_cli.main import main

if __name__ == "__main__":  # worker processes import this module too
    main()
