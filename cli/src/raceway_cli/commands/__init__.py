"""One module per command of `raceway`; each has it as `command`."""
