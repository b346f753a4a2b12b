"""ctxzip against the reference LLMLingua-2 on this machine, the same architecture on the CPU, as ratios.

    python benchmarks/speed/reference.py --reference-python REFERENCE/bin/python

The reference lives in a virtual environment of its own; `tests/golden/README.md` says how to make it. Its model is a
BERT token classifier with MiniLM-L6's dimensions (6 layers × 384) and the tokenizer of our bundled encoder.
"""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import measure
import our_side

# The reference reads the tokenizer's family from the path, hence this name.
MODEL_NAME = "minilm-l6-as-bert-base-multilingual-cased"
WARM_ROUNDS = 5


@dataclass(frozen=True)
class Row:
    """One figure on both sides; lower is better."""

    name: str
    unit: str
    theirs: float
    ours: float | None = None

    def __str__(self) -> str:
        if self.ours is None:
            return f"| {self.name} | {self.theirs:.2f} {self.unit} | | |"
        ratio = self.theirs / self.ours
        return f"| {self.name} | {self.theirs:.2f} {self.unit} | {self.ours:.2f} {self.unit} | {ratio:.1f}× |"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--reference-python", required=True, metavar="PATH", help="Python that has the reference")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json of the model (default: the bundled one's)")
    parser.add_argument("--file", type=Path, default=Path(measure.python_file("document.txt")))
    parser.add_argument("--ratio", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5, help="whole processes of each side, taken in turn")
    parser.add_argument("--reference-only", action="store_true", help="leave ctxzip out")
    return parser.parse_args()


def bundled_tokenizer() -> Path:
    """Return the tokenizer.json of the encoder that ctxzip ships."""
    from importlib.resources import files

    weights = Path(str(files("ctxzip.models"))) / "weights"
    found = sorted(weights.glob("**/tokenizer.json"))
    if not found:
        raise SystemExit(f"no tokenizer.json below {weights}; pass --tokenizer FILE")
    return found[0]


def compare(options: argparse.Namespace, folder: Path) -> list[str]:
    """Run both sides and return the table's rows."""
    theirs = [options.reference_python, "-W", "ignore", measure.python_file("reference_side.py")]
    measure.run([*theirs, "build", str(folder), str(options.tokenizer or bundled_tokenizer())])
    task = [str(folder), str(options.file), str(options.ratio)]
    commands = [[*theirs, "cold", *task]]
    if not options.reference_only:
        commands.append(our_side.cold_command(options.file, options.ratio))
    cold = measure.alternate(commands, rounds=options.rounds)
    warm = [median(json.loads(measure.run([*theirs, "warm", *task, str(WARM_ROUNDS)]).output))]
    extra = []
    if not options.reference_only:
        script = [sys.executable, measure.python_file("our_side.py")]
        ours = json.loads(measure.run([*script, str(options.file), str(options.ratio), str(WARM_ROUNDS)]).output)
        called, bare = median(ours["warm"]), median(ours["bare"])
        warm.append(called)
        extra = [f"\nctxzip warm {called:.3f} s, the bare ONNX session {bare:.3f} s: {called / bare:.2f}× of it."]
    rows = [
        Row("whole process", "s", *map(measure.seconds, cold)),
        Row("peak memory", "MiB", *map(measure.mebibytes, cold)),
        Row("warm call", "s", *warm),
    ]
    return [*map(str, rows), *extra]


def main() -> None:
    """Print the command and its table."""
    options = arguments()
    words = len(options.file.read_text(encoding="utf-8").split())
    with tempfile.TemporaryDirectory() as parent:
        lines = compare(options, Path(parent) / MODEL_NAME)
    print(f"`python {shlex.join(sys.argv)}`\n")
    print(f"{options.file.name}: {words} words, ratio {options.ratio:g}; {platform.processor() or platform.machine()},")
    print(f"medians of {options.rounds} processes in turn and {WARM_ROUNDS} warm calls, highest peak memory.\n")
    print("| | reference | ctxzip | reference / ctxzip |\n|---|---:|---:|---:|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
