"""How properties run: by count, never by wall time, because a loaded machine proves nothing."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("raceway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("raceway")
