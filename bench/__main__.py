"""`python -m bench [NAME …]`: run the named benchmarks, or all of them."""

from __future__ import annotations

import sys
from importlib import import_module

BENCHMARKS = {
    "analyze": "one trace of 1k to 1M events; exact pair counts against the definition",
    "tasks": "one trace of 1k, 10k, 100k tasks, in a row, at once, in groups",
    "growing": "a trace of 100k events that arrives in 1,000 batches, against its analysis in one go",
    "races": "one hot variable across 100 to 10k concurrent traces, and what one more trace costs",
    "deadlock": "deadlock prediction in one trace of 1k to 1M events",
    "lock-orders": "deadlocks between traces: 1k to 100k classes of lock orders; locks never released",
    "critical-path": "one trace of 1k to 1M spans in a row, 50k in a nest; slack, drag and what-if",
    "why": "why one event is before another, in one trace of 1k, 10k, 100k events",
    "isolation": "histories of 2k to 200k transactions, honest and hostile",
    "answers": "answers over 100 operations of a day: the first, beside new traces, asked again",
    "sdk": "what one recorded event costs the application",
    "start": "how long `raceway up` takes to be ready",
    "ingest": "events per second: to JetStream, all-in-one in a burst and for a minute",
}


def main(names: list[str]) -> int:
    """Run the benchmarks of these names in their order, all when there are none."""
    names = [name.replace("_", "-") for name in names]
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        known = "\n".join(f"  {name:13} {what}" for name, what in BENCHMARKS.items())
        sys.stderr.write(f"no benchmark {', '.join(unknown)}; there are:\n{known}\n")
        return 2
    for name in names or BENCHMARKS:
        print(f"\n== {name}: {BENCHMARKS[name]}")
        import_module(f"bench.{name.replace('-', '_')}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
