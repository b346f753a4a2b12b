"""The measured part of docs/speed.md, and its plot."""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from pathlib import Path

from benchmarks.speed import measure
from benchmarks.speed.bars import Bar
from benchmarks.speed.race import Contender

BEGIN, END = "<!-- measured: python -m benchmarks.speed -->", "<!-- /measured -->"
COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#000000", "#999999", "#bb5500", "#557799")
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 400, 80, 30, 210, 50


def write(
    folder: Path,
    racing: Sequence[Contender],
    failed: Sequence[Contender],
    curve: dict[int, measure.Run],
    reached: Sequence[Bar],
) -> None:
    """Put the tables between the page's marks, and the plot beside it."""
    file = folder / "speed.md"
    before, _, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    fallen = ", ".join(f"{one.title} on {one.weights}" for one in failed)
    remarks = [f"Does not finish: {fallen}."] if fallen else []
    tables = "\n\n".join(
        [_machine(), *remarks, _bars(reached), _cold(racing), _warm(racing), _same(racing), _scale(curve)]
    )
    file.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}", encoding="utf-8")
    (folder / "speed.svg").write_text(plot(racing), encoding="utf-8")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _machine() -> str:
    import os

    name = platform.processor() or platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.is_file():
        lines = [line for line in cpus.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        name = lines[0].partition(":")[2].strip() if lines else name
    load = f", load before {os.getloadavg()[2]:.1f} (15 minutes)" if hasattr(os, "getloadavg") else ""
    return f"{name}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}{load}."


def _cold(racing: Sequence[Contender]) -> str:
    theirs = racing[0]
    rows = [
        [
            one.title,
            one.weights,
            f"{measure.seconds(one.cold):.2f} s",
            f"{measure.seconds(theirs.cold) / measure.seconds(one.cold):.1f}×",
            f"{measure.mebibytes(one.cold):.0f} MiB",
            f"{measure.mebibytes(one.cold) / measure.mebibytes(theirs.cold):.2f}",
            f"{one.mebibytes:.0f} MiB",
        ]
        for one in racing
    ]
    head = ["whole process", "weights", "time", "faster", "peak memory", "of the reference", "installed"]
    return _table(head, rows)


def _warm(racing: Sequence[Contender]) -> str:
    lengths = list(racing[0].warm)
    rows = []
    for one in racing:
        cells = [
            f"{one.warm[n]:.3g} s · {n / one.warm[n] / 1000:.1f}k/s · {racing[0].warm[n] / one.warm[n]:.1f}×"
            if n in one.warm
            else "crashed"
            for n in lengths
        ]
        rows.append([one.title, one.weights, *cells])
    return _table(["warm call", "weights", *(f"{n:,} tokens" for n in lengths)], rows)


def _same(racing: Sequence[Contender]) -> str:
    lengths = list(racing[0].kept)
    rows = []
    for one in racing:
        spoilt = [name for name, kept in one.structure.items() if not kept]
        whole = f"{len(one.structure) - len(spoilt)} of {len(one.structure)}"
        rows.append(
            [
                one.title,
                one.weights,
                *(f"{100 * (one.kept[n] - 1):+.1f} %" if n in one.kept else "" for n in lengths),
                whole + (f" (not {', '.join(spoilt)})" if spoilt else ""),
            ]
        )
    head = ["result", "weights", *(f"over the budget at {n:,}" for n in lengths), "structure"]
    return _table(head, rows)


def _scale(curve: dict[int, measure.Run]) -> str:
    rows = [
        [f"{tokens:,}", f"{run.seconds:.2f} s", f"{tokens / run.seconds / 1000:.1f}k/s", f"{run.mebibytes:.0f} MiB"]
        for tokens, run in curve.items()
    ]
    return _table(["ctxzip as installed, whole process, tokens", "time", "tokens", "peak memory"], rows)


def _bars(reached: Sequence[Bar]) -> str:
    rows = [[bar.what, bar.asked, bar.found, "yes" if bar.reached else "**no**"] for bar in reached]
    return _table(["ctxzip", "asked", "measured", "reached"], rows)


def plot(racing: Sequence[Contender]) -> str:
    """Return tokens per second over the length of the text as an SVG, both axes by powers of ten."""
    points = [(one, n, n / seconds) for one in racing for n, seconds in one.warm.items()]
    xs, ys = [math.log10(n) for _, n, _ in points], [math.log10(rate) for _, _, rate in points]
    low, high = math.floor(min(ys)), math.ceil(max(ys))

    def x(n: float) -> float:
        return LEFT + (math.log10(n) - min(xs)) / max(max(xs) - min(xs), 1e-9) * (WIDTH - LEFT - RIGHT)

    def y(rate: float) -> float:
        return HEIGHT - BOTTOM - (math.log10(rate) - low) / max(high - low, 1) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="18">tokens per second of a warm call, by the length of the text</text>',
    ]
    for power in range(low, high + 1):
        at = y(10**power)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10**power:,}</text>')
    for n in racing[0].warm:
        parts.append(f'<text x="{x(n):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{n:,}</text>')
    for index, one in enumerate(racing):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{x(n):.1f},{y(n / seconds):.1f}" for n, seconds in one.warm.items())
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        at = TOP + 10 + 20 * index
        parts.append(f'<rect x="{WIDTH - RIGHT + 14}" y="{at - 9}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 30}" y="{at}">{one.title}, {one.weights}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
