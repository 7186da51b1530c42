"""What `raceway_core.why` is made of: the nearest common ancestor, shortest ways, sentences."""
