"""HTTP as every service speaks it: who may ask, how errors read, when a server is ready."""
