"""How `raceway_core.race` counts pairs without listing them."""
