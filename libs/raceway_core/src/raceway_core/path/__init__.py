"""The walks behind `raceway_core.critical_path` and `raceway_core.self_time`."""
