"""The constraints behind `raceway_core.clock_offset`."""
