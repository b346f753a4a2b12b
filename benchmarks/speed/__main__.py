"""ctxzip against the published LLMLingua-2 and its kin, side by side on this machine; writes docs/speed.md.

    python -m benchmarks.speed [--venvs DIR]

Runs in an environment with ctxzip[torch]. Every contender gets a virtual environment of its own below DIR, made the
first time. The same weights go to everyone who takes a local model: a BERT token classifier with the dimensions of
the bundled encoder and its vocabulary, loaded by the reference as it is, by the others as exported from it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.speed import environments, measure, page
from benchmarks.speed.bars import bars
from benchmarks.speed.race import (
    MODEL_NAME,
    SCRIPT,
    Contender,
    able,
    contenders,
    race_cold,
    race_structure,
    race_warm,
    scale,
)
from benchmarks.speed.texts import DOCUMENT, longer

WARM_LENGTHS = (1_000, 10_000, 100_000)
SCALE_LENGTHS = (1_000, 10_000, 100_000, 1_000_000)
STRUCTURE_RATIO = 2.0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description="Speed, side by side.")
    parser.add_argument("--venvs", type=Path, default=environments.ROOT / "build" / "contenders")
    parser.add_argument("--ratio", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5, help="whole processes of each contender, taken in turn")
    parser.add_argument("--calls", type=int, default=3, help="warm calls of each contender and length")
    parser.add_argument("--longest", type=int, default=SCALE_LENGTHS[-1], help="tokens of the longest text")
    parser.add_argument("--out", type=Path, default=environments.ROOT / "docs")
    return parser.parse_args()


def weights(folder: Path, venvs: Path) -> dict[str, Path]:
    """Return the checkpoint and its exports; int8 only if it decides as the checkpoint does."""
    from ctxzip.models.store import bundled

    reference = environments.python_of(venvs, "reference")
    torch = folder / MODEL_NAME
    measure.run(
        [reference, "-P", "-W", "ignore", SCRIPT, "build", str(torch), str(bundled("encoder") / "tokenizer.json")]
    )
    found = {"torch": torch}
    for precision in ("fp32", "int8"):
        command = [sys.executable, "-m", "ctxzip", "models", "export", str(torch), str(folder / precision)]
        if subprocess.run([*command, f"--{precision}"], check=precision == "fp32").returncode == 0:
            found[precision] = folder / precision
    return found


def count(text: str) -> int:
    """Return the o200k tokens of `text`, counted elsewhere.

    A process's peak memory is at least that of the process that started it, so this one stays small.
    """
    command = [sys.executable, "-m", "ctxzip", "count", "-"]
    return int(subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout)


def own_bars(one: Contender, file: Path, options: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Return what ctxzip has to reach by itself: overhead, share of the bare loop, start of the command."""
    script = [
        one.python,
        "-P",
        measure.python_file("ours.py"),
        str(file),
        f"{options.ratio:g}",
        str(2 * options.calls + 1),
    ]
    seconds = {name: min(values) for name, values in json.loads(measure.run(script).output).items()}
    command = str(Path(one.python).with_name("ctxzip"))
    words = folder / "words.txt"
    words.write_text(" ".join(DOCUMENT.read_text(encoding="utf-8").split()[:200]), encoding="utf-8")
    runs = measure.alternate(
        [[command, "--help"], [command, "compress", str(words), "--ratio", "3"]], rounds=2 * options.rounds
    )
    return {
        "overhead": seconds["warm"] / seconds["model"] - 1,
        "loop": seconds["loop"] / seconds["warm"],
        "help": median(run.seconds for run in runs[0]),
        "words": median(run.seconds for run in runs[1]),
    }


def main() -> None:
    """Run everything and write the page."""
    options = arguments()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["CTXZIP_CACHE"] = str(folder / "cache")
        texts = {}
        for tokens in SCALE_LENGTHS:
            if tokens <= options.longest:
                file = folder / f"{tokens}.txt"
                file.write_text(longer(tokens, count), encoding="utf-8")
                texts[count(file.read_text(encoding="utf-8"))] = file
        shorter = {n: file for n, file in texts.items() if n <= 1.2 * WARM_LENGTHS[-1]}
        entered = contenders(options.venvs, weights(folder, options.venvs))
        racing = able(entered, DOCUMENT, options.ratio)
        own = next(one for one in racing if one.model == "bundled")
        print("whole processes …", file=sys.stderr)
        race_cold(racing, DOCUMENT, options.ratio, options.rounds)
        race_structure(racing, folder, STRUCTURE_RATIO)
        print("warm calls …", file=sys.stderr)
        race_warm(racing, shorter, options.ratio, options.calls, count)
        print("long texts …", file=sys.stderr)
        curve = scale(own, texts, options.ratio)
        middle = sorted(shorter)[min(1, len(shorter) - 1)]
        alone = own_bars(own, shorter[middle], options, folder)
    reached = bars(racing, curve, alone)
    page.write(options.out, racing, [one for one in entered if one not in racing], curve, reached)
    print(options.out / "speed.md")


if __name__ == "__main__":
    main()
