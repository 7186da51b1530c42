"""What `raceway_core.run` needs to compare traces: windows, and runs of them."""
