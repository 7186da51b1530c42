"""How hard properties try: RACEWAY_TEST_EFFORT times as many examples as a quick run.

Properties run by count, never by wall time, because a loaded machine proves nothing. At the usual
effort of 1 they try some hundred examples each, and a test has a minute. With more, as `make nightly`
has it, a test takes as long as it takes.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EFFORT = int(os.environ.get("RACEWAY_TEST_EFFORT", "1"))
USUAL_EXAMPLES = 100


def examples(usual: int) -> settings:
    """Return the settings of a property that tries `usual` examples in a quick run."""
    return settings(max_examples=usual * EFFORT)


def load_profile() -> None:
    """Make all properties run so, those that name no number of examples too."""
    settings.register_profile(
        "raceway",
        max_examples=USUAL_EXAMPLES * EFFORT,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("raceway")
