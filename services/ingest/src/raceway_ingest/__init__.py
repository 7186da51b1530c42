"""Takes events over HTTP and hands them to the bus."""
