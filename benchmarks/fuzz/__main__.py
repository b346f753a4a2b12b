"""`python -m benchmarks.fuzz`: 2,000 odd inputs through the command line, with time and memory watched.

All go through one process but giants: each of those has a process of its own, so that its memory is known.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.fuzz.attempts import MEMORY, apart


def main() -> int:
    """Print how the inputs of each kind ended, the slowest ones and every failure; return 1 if there is one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--number", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="the seed to begin with")
    asked = parser.parse_args()
    ends: dict[str, Counter[int]] = {}
    slowest: dict[str, tuple[float, int]] = {}
    largest: dict[str, tuple[int, int]] = {}
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(asked.first, asked.first + asked.number):
            (kind, code, seconds, wrong), held = apart(seed, Path(folder))
            ends.setdefault(kind, Counter())[code] += 1
            slowest[kind] = max(slowest.get(kind, (0.0, 0)), (seconds, seed))
            largest[kind] = max(largest.get(kind, (0, 0)), (held, seed))
            if wrong:
                failures.append(f"seed {seed} ({kind}): {wrong}")
                print(failures[-1], file=sys.stderr, flush=True)
    print("| kind | inputs | exit 0 | exit 1 | exit 2 | slowest (s, seed) | most memory (MB, seed) |")
    print("|---|---|---|---|---|---|---|")
    for kind, codes in sorted(ends.items()):
        cells = [kind, str(codes.total()), *(str(codes[code]) for code in (0, 1, 2))]
        time_and_space = f"{slowest[kind][0]:.1f}, {slowest[kind][1]} | {largest[kind][0]}, {largest[kind][1]}"
        print(f"| {' | '.join(cells)} | {time_and_space} |")
    most = max(held for held, _ in largest.values())
    print(f"\n{len(failures)} failures, {most} MB at most")
    return 1 if failures or most > MEMORY else 0


if __name__ == "__main__":
    sys.exit(main())
