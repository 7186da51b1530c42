"""OpenTelemetry's protocol: a decoded trace document in, events out, whatever it was encoded as."""
