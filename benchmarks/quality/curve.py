"""`python -m benchmarks.quality.curve DATA RUN`: how the keep head learnt, measured at every checkpoint of a run."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.quality import words
from benchmarks.quality.report import table_of
from training import card, config
from training.__main__ import base_model
from training.export import export
from training.model import from_checkpoint
from training.runtime import Runner

ROOT = Path(__file__).parents[2]
Point = tuple[int, dict[str, float]]


def main() -> None:
    """Parse the command line, measure, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.curve", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the development data")
    parser.add_argument("run", type=Path, help="folder of a stage with its averaged weights")
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    given = parser.parse_args()
    points = measure(given.data, given.run)
    names = list(points[0][1])
    body = [[str(step), *(f"{found[name]:.3f}" for name in names)] for step, found in points]
    text = (
        "# How the keep head learnt\n\nDevelopment figures of the averaged weights at every checkpoint of a run from "
    )
    text += "the base model, in one stage, float32. The model card says what else was tried.\n\n"
    text += table_of(["step", *names], body) + "\n\n![Learning curve](learning.svg)\n"
    (given.out / "learning.md").write_text(text, encoding="utf-8")
    plot(points, given.out / "learning.svg")


def measure(data: Path, run: Path) -> list[Point]:
    """The word figures of every checkpoint, in order."""
    import torch

    table, base = words.load(data), base_model()
    model = from_checkpoint(base, config.load().model).eval()
    points = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        card.tokenizer(base, folder / "tokenizer.json")
        for path in sorted(run.glob("average-*.pt")):
            state = torch.load(path, weights_only=True)
            model.load_state_dict({key: value.float() for key, value in state.items()})
            export(model, folder / "model.onnx", int8=False)
            points.append((int(path.stem.split("-")[1]), words.measure(table, words.encoder(Runner(folder)))))
    return points


def plot(points: list[Point], path: Path) -> None:
    """Every figure against the step."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "ctxzip"
    from matplotlib import pyplot as plt

    drawing, axes = plt.subplots(figsize=(6, 3.4))
    for name in points[0][1]:
        axes.plot([step for step, _ in points], [found[name] for _, found in points], marker="o", label=name)
    axes.set_xlabel("step")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    drawing.tight_layout()
    drawing.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
