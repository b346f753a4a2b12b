"""What ctxzip has to reach: each bar with what was asked and what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.speed import measure
from benchmarks.speed.race import Contender

MEGABYTE = 1e6 / (1 << 20)


@dataclass(frozen=True)
class Bar:
    """One bar: what is measured, what is asked of it, what was found, and whether that is enough."""

    what: str
    asked: str
    found: str
    reached: bool


def bars(racing: Sequence[Contender], curve: Mapping[int, measure.Run], own: Mapping[str, float]) -> list[Bar]:
    """Return every bar that the contenders present allow to judge; `own` is what ctxzip measures of itself."""
    ours = next(one for one in racing if one.model == "bundled")
    found = []
    theirs = next((one for one in racing if one.tool == "reference"), None)
    if theirs:
        fp32 = next(one for one in racing if one.tool == "ctxzip" and one.weights == "ONNX fp32")
        found += _against_reference(ours, theirs)
        openvino = [one for one in racing if one.runtime == "openvino"]
        found += [_warm(ours, theirs, 4, ""), _warm(fp32, theirs, 2, ", fp32 against fp32")]
        for one in openvino:
            found.append(_warm(one, theirs, 4 if one.model == "bundled" else 2, f", OpenVINO, {one.weights}"))
    for weights in ("ONNX fp32", "ONNX int8"):
        found += _against_peers([one for one in racing if one.weights == weights])
    return [*found, *_by_itself(own), *_long(curve)]


def _at_least(what: str, asked: float, found: float) -> Bar:
    return Bar(what, f"≥ {asked:g}×", f"{found:.2f}×", found >= asked)


def _at_most(what: str, asked: float, found: float, form: str) -> Bar:
    return Bar(what, f"≤ {form.format(asked)}", form.format(found), found <= asked)


def _warm(ours: Contender, theirs: Contender, asked: float, how: str) -> Bar:
    """Return how many times faster a warm call is, at the length where that is least."""
    times = min(theirs.warm[n] / ours.warm[n] for n in ours.warm.keys() & theirs.warm.keys())
    return _at_least(f"warm call, against it, any length{how}", asked, times)


def _against_reference(ours: Contender, theirs: Contender) -> list[Bar]:
    over = max(0.0, *(kept - 1 for kept in ours.kept.values()))
    cold = measure.seconds(theirs.cold) / measure.seconds(ours.cold)
    memory = measure.mebibytes(ours.cold) / measure.mebibytes(theirs.cold)
    error = max(abs(kept - 1) for kept in theirs.kept.values())
    return [
        _at_least("whole process, against the published LLMLingua-2", 8, cold),
        _at_most("peak memory, of its", 1 / 3, memory, "{:.2f}"),
        Bar("tokens over the budget", "0", f"{100 * over:.1f} % (it: up to {100 * error:.1f} % off)", not over),
    ]


def _against_peers(same: Sequence[Contender]) -> list[Bar]:
    ours = next((one for one in same if one.tool == "ctxzip"), None)
    others = [one for one in same if one.tool != "ctxzip"]
    if not ours or not others:
        return []
    cold = min(measure.seconds(one.cold) for one in others) / measure.seconds(ours.cold)
    found = [_at_least(f"whole process, against the fastest other on the same {ours.weights}", 1, cold)]
    for tokens, seconds in ours.warm.items():
        rivals = [one.warm[tokens] for one in others if tokens in one.warm]
        if rivals:
            found.append(_at_least(f"warm call, against it, {tokens:,} tokens", 1, min(rivals) / seconds))
    return found


def _by_itself(own: Mapping[str, float]) -> list[Bar]:
    return [
        _at_most("pipeline over the bare ONNX session, 10k tokens", 0.15, own["overhead"], "{:.0%}"),
        Bar("throughput of a bare loop with full windows", "≥ 70%", f"{own['loop']:.0%}", own["loop"] >= 0.7),
        _at_most("`ctxzip --help`", 0.12, own["help"], "{:.2f} s"),
        _at_most("200 words from cold", 0.6, own["words"], "{:.2f} s"),
    ]


def _long(curve: Mapping[int, measure.Run]) -> list[Bar]:
    longest = max(curve)
    memory = curve[longest].mebibytes / MEGABYTE
    found = [_at_most(f"peak memory at {longest:,} tokens", 1000, memory, "{:.0f} MB")]
    before = max((tokens for tokens in curve if tokens <= longest / 5), default=0)
    if before:
        slower = curve[longest].seconds / longest * before / curve[before].seconds
        found.append(_at_most(f"time of a token there, against {before:,} tokens", 1.1, slower, "{:.2f}×"))
    return found
