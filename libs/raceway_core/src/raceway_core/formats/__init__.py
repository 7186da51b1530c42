"""Input formats: bytes of a file in, events out. One module per format, each with `read`."""
