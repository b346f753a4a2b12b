"""`python -m benchmarks.quality DATA`: measure the bundled encoder and write docs/quality.md."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality import answers, containment, contexts, embeddings, report, scorers, words
from ctxzip.models.relevance import Fusion
from ctxzip.models.surface import SURFACE, Surface
from training.__main__ import base_model
from training.passages import Row
from training.runtime import Runner

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Parse the command line, measure, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the development data")
    parser.add_argument("--weights", type=Path, default=ROOT / "models/weights/encoder")
    parser.add_argument("--base", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument(
        "--fp32", type=Path, help="float32 file to compare with; without it the figures of the last comparison stay"
    )
    parser.add_argument("--limit", type=int, default=300, help="contexts of each kind")
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    given = parser.parse_args()
    figures = measure(given.data, given.weights, given.base or base_model(), given.limit)
    figures["int8"] = quantisation(given.data, given.weights, given.fp32) if given.fp32 else _known(given.weights)
    given.out.mkdir(exist_ok=True)
    command = f"python -m benchmarks.quality DATA --limit {given.limit}"
    command += " --fp32 runs/main/fp32.onnx" if given.fp32 else ""
    (given.out / "quality.md").write_text(report.page(figures, command), encoding="utf-8")
    report.plot(figures, given.out / "quality.svg")
    text = json.dumps(_rounded(figures), indent=2) + "\n"
    (given.weights / "metrics.json").write_text(text, encoding="utf-8")


def _known(weights: Path) -> dict[str, float]:
    """What an earlier measurement of these weights found that int8 changes: it takes the float32 file to see that."""
    file = weights / "metrics.json"
    return dict(json.loads(file.read_text(encoding="utf-8")).get("int8", {})) if file.is_file() else {}


def measure(data: Path, weights: Path, base: Path, limit: int) -> dict[str, Any]:
    """All figures of the encoder and of the baselines."""
    runner, fusion = Runner(weights), Fusion.load(weights / "fusion.json")
    table, original = words.load(data), scorers.original(base)
    ours = words.corrected(runner, Surface.load(weights / SURFACE))
    judges: dict[str, scorers.Scorer] = {
        "head": scorers.head,
        "random": scorers.chance,
        "BM25 sentences": scorers.bm25,
        "LexRank": scorers.lexrank,
        "all-MiniLM-L6-v2 cosine": scorers.cosine(original),
        "ctxzip embedding cosine": scorers.cosine(runner.embed),
        "ctxzip relevance": scorers.relevance(runner, fusion),
    }
    kinds = {
        "HotpotQA (two hops)": contexts.hotpotqa(data)[:limit],
        "SQuAD, ten articles": contexts.squad(data, limit),
        "Natural Questions, mixed": contexts.natural(data, limit),
        "finance, tables and text": contexts.finance(data, limit),
        "documentation (answer words)": contexts.documentation(data, limit),
    }
    return {
        "words": {
            "stop words": words.measure(table, words.stop_words),
            "IDF": words.measure(table, words.rarity(data)),
            "ctxzip keep, encoder alone": words.measure(table, words.encoder(runner)),
            "ctxzip keep": words.measure(table, ours),
        },
        "registers": words.by_register(table, ours),
        "languages": words.by_language(table, ours),
        "contexts": {
            kind: {who: asdict(containment.measure(made, judge)) for who, judge in judges.items()}
            for kind, made in kinds.items()
        },
        "answers": answers.measure(table, runner, fusion),
        "spearman": embeddings.agreement(table, runner.embed, original),
    }


def quantisation(data: Path, weights: Path, exact: Path) -> dict[str, float]:
    """What int8 changes: each head's measure minus that of the float32 file."""
    table = words.load(data)
    fusion = Fusion.load(weights / "fusion.json")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.onnx").symlink_to(exact.resolve())
        (folder / "tokenizer.json").symlink_to((weights / "tokenizer.json").resolve())
        plain, small = Runner(folder), Runner(weights)
    found = [_heads(table, contexts.hotpotqa(data)[:100], r, fusion) for r in (small, plain)]
    return {name: found[0][name] - found[1][name] for name in found[0]}


def _heads(table: list[Row], made: list[contexts.Context], runner: Runner, fusion: Fusion) -> dict[str, float]:
    kept = words.measure(table, words.encoder(runner))
    hops = containment.measure(made, scorers.relevance(runner, fusion))
    none = answers.measure(table, runner, fusion)
    return {
        "auc kept": kept["auc kept"],
        "auc essential": kept["auc essential"],
        "evidence recall at 4x, two hops": hops.recalled[4],
        "no-answer near miss": none["near miss"],
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _rounded(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(part) for part in value]
    return round(float(value), 4) if isinstance(value, (float, np.floating)) else value


if __name__ == "__main__":
    main()
