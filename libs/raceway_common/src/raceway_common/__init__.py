"""How Raceway services reach the world: ports, adapters, schema, settings."""
