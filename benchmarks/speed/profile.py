"""Where the time of a cold process and of a warm call goes.

python -m benchmarks.speed.profile [FILE] [--ratio N]
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.speed.texts import DOCUMENT

STEPS = """
import json, sys, time
start = time.perf_counter()
found = {}
def lap(name):
    global start
    now = time.perf_counter()
    found[name] = now - start
    start = now
import ctxzip.cli.app; lap("import the command line")
import numpy; lap("import numpy")
import onnxruntime; lap("import onnxruntime")
import tokenizers; lap("import tokenizers")
import ctxzip.compressors.llmlingua2; lap("import the method")
from ctxzip.models.tokenizers import load_tokenizer, read_tokenizer
counter = load_tokenizer("o200k_base"); counter.count("a"); lap("the reader's vocabulary")
from ctxzip.models.store import bundled
from ctxzip.models.onnx_backend import OnnxEncoder
directory = bundled("encoder")
OnnxEncoder(directory / "model.onnx", threads=1); lap("the model's session")
read_tokenizer(directory); lap("the model's vocabulary")
from ctxzip.models.manifest import verify
from ctxzip.models.cache import NoCache, default_cache
files = json.loads((directory / "manifest.json").read_text())["files"]
verify(directory, files, NoCache()); lap("sha256 of all files")
verify(directory, files, default_cache()); start = time.perf_counter()
verify(directory, files, default_cache()); lap("sha256, remembered")
text = open(sys.argv[1], encoding="utf-8").read()
from ctxzip import compress
compress(text, ratio=float(sys.argv[2])); lap("first call")
compress(text, ratio=float(sys.argv[2])); lap("second call")
print(json.dumps(found))
"""


def steps(file: Path, ratio: float, rounds: int) -> dict[str, float]:
    """Return the seconds of every step of a process, the least of several rounds, each in a new process."""
    found: dict[str, float] = {}
    for _ in range(rounds):
        command = [sys.executable, "-c", STEPS, str(file), str(ratio)]
        for name, seconds in json.loads(subprocess.run(command, capture_output=True, check=True).stdout).items():
            found[name] = min(seconds, found.get(name, seconds))
    return found


def operators(tokens: int, rounds: int) -> list[tuple[str, float]]:
    """Return the share of the model's time that each kind of operator takes, one window on one thread."""
    import numpy as np
    import onnxruntime as ort

    from ctxzip.models.onnx_backend import SLOWER_FUSIONS
    from ctxzip.models.store import bundled

    with tempfile.TemporaryDirectory() as folder:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "operators")
        session = ort.InferenceSession(
            str(bundled("encoder") / "model.onnx"), options, disabled_optimizers=SLOWER_FUSIONS
        )
        ids = np.arange(1000, 1000 + tokens, dtype=np.int64)[None]
        for _ in range(rounds):
            session.run(["keep_logits"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        events: list[dict[str, Any]] = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    least: dict[tuple[str, str], int] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("kernel_time"):
            key = (event["args"]["op_name"], event["name"])
            least[key] = min(event["dur"], least.get(key, event["dur"]))
    sums: Counter[str] = Counter()
    for (kind, _), microseconds in least.items():
        sums[kind] += microseconds
    return [(kind, value / sums.total()) for kind, value in sums.most_common(8)]


def functions(text: str, ratio: float, top: int) -> list[tuple[str, float]]:
    """Return the functions of ours that take most of a warm call, callees included, in seconds."""
    from ctxzip import compress

    compress(text, ratio=ratio)
    profile = cProfile.Profile()
    profile.runcall(compress, text, ratio=ratio)
    rows = pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]
    ours = [(f"{Path(file).name}:{name}", row[3]) for (file, _, name), row in rows if file.endswith(".py")]
    return sorted(ours, key=lambda pair: -pair[1])[:top]


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.profile")
    parser.add_argument("file", type=Path, nargs="?", default=DOCUMENT)
    parser.add_argument("--ratio", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("| step of a process | ms |\n|---|---:|")
    for name, seconds in steps(options.file, options.ratio, options.rounds).items():
        print(f"| {name} | {1000 * seconds:.1f} |")
    print("\n| operator of the model | share |\n|---|---:|")
    for kind, share in operators(256, 4 * options.rounds):
        print(f"| {kind} | {100 * share:.0f} % |")
    print("\n| function, callees included | ms |\n|---|---:|")
    for name, seconds in functions(options.file.read_text(encoding="utf-8"), options.ratio, 16):
        print(f"| {name} | {1000 * seconds:.1f} |")


if __name__ == "__main__":
    main()
