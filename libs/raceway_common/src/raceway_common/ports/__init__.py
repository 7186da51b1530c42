"""What the services need of the world, as written contracts. Adapters implement them."""
