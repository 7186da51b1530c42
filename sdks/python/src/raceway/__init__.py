"""The Raceway SDK for Python."""
