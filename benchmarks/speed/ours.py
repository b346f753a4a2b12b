"""Our own bars: what a run costs beside the model, and how near it comes to a loop made for speed alone.

python ours.py FILE RATIO N      seconds of a warm call, of the same ONNX Runtime calls alone, of the bare loop
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def recorded(call: Callable[[], object]) -> list[Callable[[], object]]:
    """Return what repeats every ONNX Runtime call made inside `call`, with the same session and inputs."""
    import onnxruntime

    original, replays = onnxruntime.InferenceSession.run, list[Callable[[], object]]()

    def listening(session: Any, *args: Any, **kwargs: Any) -> Any:
        replays.append(lambda: original(session, *args, **kwargs))
        return original(session, *args, **kwargs)

    onnxruntime.InferenceSession.run = listening
    try:
        call()
    finally:
        onnxruntime.InferenceSession.run = original
    return replays


def bare_loop(text: str) -> Callable[[], object]:
    """Return the fastest loop we know over the text's tokens: full windows, no overlap, no padding, no texts.

    The same graph and session options; one window a call, a thread for each core.
    """
    import numpy as np

    from ctxzip.models.bundled import encoder
    from ctxzip.models.onnx_backend import cores
    from ctxzip.models.token_scorer import WINDOWS

    own = encoder()
    ids = own.tokenizer.encode(text, add_special_tokens=False).ids
    rows = [np.array([ids[i : i + WINDOWS.part]], dtype=np.int64) for i in range(0, len(ids), WINDOWS.part)]
    run = own.graph.session.run

    def loop() -> None:
        with ThreadPoolExecutor(cores()) as pool:
            feeds = ({"input_ids": row, "attention_mask": np.ones_like(row)} for row in rows)
            list(pool.map(lambda feed: run(["keep_logits"], feed), feeds))

    return loop


def bars(text: str, ratio: float, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of warm calls, of the same model calls alone and of the bare loop, taken in turn."""
    from ctxzip import compress
    from ctxzip.models.onnx_backend import cores

    def call() -> object:
        return compress(text, ratio=ratio)

    call()
    replays, loop = recorded(call), bare_loop(text)
    if not replays:
        raise RuntimeError("a warm call made no ONNX Runtime call: is a cache on?")

    def alone() -> None:
        with ThreadPoolExecutor(cores()) as pool:
            list(pool.map(lambda replay: replay(), replays))

    found: dict[str, list[float]] = {"warm": [], "model": [], "loop": []}
    for _ in range(rounds):
        for seconds, part in zip(found.values(), (call, alone, loop), strict=True):
            seconds.append(timed(part))
    return found


def main() -> None:
    """Print the times as JSON."""
    file, ratio, rounds = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    sys.stdout.write(json.dumps(bars(file.read_text(encoding="utf-8"), ratio, rounds)))


if __name__ == "__main__":
    main()
