"""The last look at a result: what was promised of its structure holds, or the run says where it does not."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ctxzip.companions import Company
from ctxzip.protocols import Tokenizer
from ctxzip.structure.chat import Turn
from ctxzip.structure.shape import Shape
from ctxzip.structure.tiling import MOST
from ctxzip.text import Span

VERY_LONG = f"very long text: neighbouring words are kept or dropped together, in about {MOST:,} pieces"


def broken(shape: Shape, kept: Sequence[int], made: str) -> list[tuple[Span, str]]:
    """Return the stretches of a document whose form the choice `kept`, shown as `made`, spoils, and how.

    A hard span that is missing, or out of order, spoils the whole document.
    """
    found = list(_faults(shape, kept))
    lost = missing(shape, made)
    if lost is not None and not found:
        found.append((Span(0, len(shape.document.text)), f"lost {lost.of(shape.document.text)[:40]!r}"))
    return found


def _faults(shape: Shape, kept: Sequence[int]) -> Iterator[tuple[Span, str]]:
    for inset, own in shape.shares(kept):
        if isinstance(inset, Turn):
            for held, reason in inset.faults(own):
                yield Span(held.start, held.end), reason
        reason = inset.fault(inset.render(own))
        if reason:
            yield Span(inset.start, inset.end), reason


def missing(shape: Shape, made: str) -> Span | None:
    """Return the first hard span of a document that does not follow the ones before it in `made`."""
    at = 0
    for span in sorted(shape.hard, key=lambda span: (span.start, span.end)):
        slice_ = span.of(shape.document.text).strip()
        found = made.find(slice_, max(0, at - len(slice_)))
        if found < 0:
            return span
        at = max(at, found)
    return None


def checks(shapes: Sequence[Shape], kept: Sequence[Sequence[int]]) -> dict[str, int]:
    """Return how many things of each kind were looked at: hard spans, and the regions of which something is left."""
    counts: Counter[str] = Counter()
    for shape, own in zip(shapes, kept, strict=True):
        counts.update(guard.kind for guard in shape.guards if guard.hard)
        counts.update(inset.kind for inset, _ in shape.shares(own))
    return dict(sorted(counts.items()))


@dataclass(frozen=True, slots=True)
class Held:
    """What one kind of protection found, how much of it was kept, and the tokens that takes by itself."""

    found: int
    kept: int
    tokens: int


def protected(shapes: Sequence[Shape], kept: Sequence[Sequence[int]], tokenizer: Tokenizer) -> dict[str, Held]:
    """Return what each kind of protection holds of the content `kept`."""
    found: Counter[str] = Counter()
    slices: dict[str, Counter[str]] = {}
    for shape, own in zip(shapes, kept, strict=True):
        layout = shape.layout
        shown = layout.shown(own) if isinstance(layout, Company) else [layout.content[at] for at in own]
        starts = [span.start for span in shown]
        for guard in shape.guards:
            found[guard.kind] += 1
            at = bisect_right(starts, guard.span.end - 1) - 1
            if at >= 0 and guard.span.start < shown[at].end:
                slices.setdefault(guard.kind, Counter())[guard.span.of(shape.document.text)] += 1
    return {kind: _held(number, slices.get(kind, Counter()), tokenizer) for kind, number in sorted(found.items())}


def _held(found: int, kept: Counter[str], tokenizer: Tokenizer) -> Held:
    sizes = tokenizer.count_many(list(kept))
    return Held(found, kept.total(), sum(times * size for times, size in zip(kept.values(), sizes, strict=True)))


def hard_tokens(shapes: Sequence[Shape], tokenizer: Tokenizer) -> dict[str, int]:
    """Return the tokens that each kind of hard protection holds."""
    held: Counter[str] = Counter()
    for shape in shapes:
        for guard in shape.guards:
            if guard.hard:
                held[guard.kind] += tokenizer.count(guard.span.of(shape.document.text))
    return dict(held)


def remarks(shapes: Sequence[Shape], kept: Sequence[Sequence[int]]) -> list[str]:
    """Return what the insets have to say of what is left of them, each thing once with its number."""
    said: Counter[str] = Counter()
    for shape, own in zip(shapes, kept, strict=True):
        said.update(inset.remark(held) for inset, held in shape.shares(own))
        said.update([VERY_LONG] if shape.joined else [])
    return [f"{text} (×{number})" if number > 1 else text for text, number in said.items() if text]
