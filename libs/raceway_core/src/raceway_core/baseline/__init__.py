"""What is normal: durations and errors of operations, as learnt so far."""
