"""What `raceway_core.intake` makes of a body: reading, mending, cutting into messages."""
