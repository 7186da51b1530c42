"""From events to `raceway_core.causal_graph`: columns, chains, edges, and the order they make."""
