"""How long loading and writing take, and how much memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from typing import Any

from ctxzip.models.gemma_writers import writer
from ctxzip.models.prompts import Rewriting, Style, rewrite_prompt


def speed(texts: Sequence[str]) -> dict[str, Any]:
    """Loading, one chunk against eight at once, tokens a second, and the peak of memory."""
    began = time.perf_counter()
    generator = writer("rewrite")
    loaded = time.perf_counter() - began
    eight = sorted(texts, key=len)[len(texts) // 2 - 4 : len(texts) // 2 + 4]
    prompts = [rewrite_prompt(Rewriting(text, len(text.split()) // 2), Style.TRAINED) for text in eight]
    generator.generate(prompts[:1], [8])
    times, written = {}, {}
    for number in (1, 8):
        began = time.perf_counter()
        answers = generator.generate(prompts[:number], [160] * number)
        times[number] = time.perf_counter() - began
        written[number] = sum(generator.count(answers))
    return {
        "load s": round(loaded, 2),
        "one chunk s": round(times[1], 2),
        "eight chunks s": round(times[8], 2),
        "eight over one": round(times[8] / times[1], 2),
        "tokens written a second, one": round(written[1] / times[1], 1),
        "tokens written a second, eight": round(written[8] / times[8], 1),
        "peak memory GB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }
