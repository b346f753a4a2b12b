"""`python -m training.adapters DATA --task rewrite --run DIR`: train an adapter of the small Gemma."""

from __future__ import annotations

import argparse
import json
import logging
import time
from pathlib import Path

import torch

from ctxzip.models.gemma import gemma_directory
from training.adapters import card, config, export, rows
from training.adapters.model import AnswerLoss, adapted, encode
from training.adapters.train import Trainer, measure

LOG = logging.getLogger("training.adapters")


def train(given: argparse.Namespace) -> None:
    """Train what is left of the run, measure before and after, write the adapter."""
    recipe = config.load(given.task, given.config)
    base = given.base or gemma_directory()
    mixed = [rows.rows(given.data, given.task, recipe.mix, recipe.seed + at) for at in range(recipe.epochs)]
    if given.rows:
        mixed = [mixed[0][: given.rows]]
    longest = recipe.train.longest
    epochs = [encode(base, made, longest) for made in mixed]
    dev = encode(base, rows.held_out(given.data, given.task, recipe.train.held_out), longest)
    torch.manual_seed(recipe.seed)
    model = adapted(base, recipe.adapter, given.start)
    loss = AnswerLoss(model, [row for part in (*epochs, dev) for row in part])
    trainer = Trainer(model, recipe, given.run)
    figures = {"rows": [len(made) for made in epochs], "tokens": [sum(len(r.ids) for r in made) for made in epochs]}
    LOG.info(json.dumps(figures))
    if trainer.step == 0 and not given.rows:
        before = measure(model, loss, dev)
        (given.run / "before.json").write_text(json.dumps(before) + "\n", encoding="utf-8")
        LOG.info(json.dumps({"development loss before": round(before, 4)}))
    trainer.run(epochs, loss, stop=given.steps)
    if not trainer.done and not given.rows:
        return
    began = time.monotonic()
    after = measure(model, loss, dev)
    LOG.info(json.dumps({"development loss": round(after, 4), "seconds": round(time.monotonic() - began)}))
    out = given.out or Path("models/weights") / given.task
    export.write(model, out)
    export.vocabulary(out, [row for made in epochs for row in made])
    if not given.rows:
        before = json.loads((given.run / "before.json").read_text(encoding="utf-8"))
        export.figures(given.run / "training.json", trainer, figures, before, after)
        card.write(out, given.task, given.run)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m training.adapters", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the training data")
    parser.add_argument("--task", choices=config.TASKS, required=True)
    parser.add_argument("--run", type=Path, required=True, help="checkpoint, log and figures")
    parser.add_argument("--out", type=Path, help="folder of the adapter")
    parser.add_argument("--base", type=Path, help="folder of the base model, by default what the package brings")
    parser.add_argument("--start", type=Path, help="folder of an adapter to go on from")
    parser.add_argument("--config", type=Path, default=config.DEFAULT)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, help="stop there; the next run goes on")
    parser.add_argument("--rows", type=int, help="only so many rows, to try things out")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(given.threads)
    train(given)


if __name__ == "__main__":
    main()
