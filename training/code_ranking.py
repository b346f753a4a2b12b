"""Fit how functions are ranked for a question, on questions made from documentation comments.

    python -m training.code_ranking [FOLDER …] [--pairs 400] [--functions 30] [--model bundled]

Reads the standard library, the installed packages named in `training/code_pairs.py` and the source trees in the
FOLDERs, and writes the ranking of that scorer into `models/code_ranking.json`. Run it again when the bundled
encoder changes: first for `bundled`, then for a causal model, whose ranking weighs what the light one says.
The development needles are of other projects and are not read.
"""

from __future__ import annotations

import argparse
import json
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ctxzip import Document
from ctxzip.code.chunks import Chunk, chunks_of
from ctxzip.code.layout import Outline
from ctxzip.code.tree import Kind
from ctxzip.compressors.longcodezip import outline_of
from ctxzip.models.causal_code import CAUSAL, CAUSAL_FEATURES, CausalScorer, load_causal_scorer
from ctxzip.models.code_features import CodePiece
from ctxzip.models.code_ranking import FAR, TABLE, Ranking
from ctxzip.models.code_scorer import LIGHT_FEATURES, EncoderScorer, encoder_scorer
from ctxzip.models.store import BUNDLED
from training.code_pairs import PERMISSIVE, Pair, pairs

WEIGHT_DECAY = 0.03
SEED, OTHER_SEED = 3, 11
"""Choices of files: the causal ranking weighs the light one's values on other files than that was fitted on."""
SUFFIXES = (".go", ".rs", ".ts", ".js")


@dataclass(frozen=True)
class Case:
    """The functions of a file, what is asked of it, and which function answers."""

    query: str
    pieces: list[CodePiece]
    wanted: int


def case_of(pair: Pair, most: int) -> Case | None:
    """Return the functions that compete for a question, at most about `most`, None where its own was not found."""
    outline = outline_of(Document(pair.code, path=pair.path))
    start = pair.code.find(pair.needle)
    functions = [chunk for chunk in chunks_of(outline) if chunk.kind is Kind.FUNCTION]
    shares = [_share(outline, chunk, start, start + len(pair.needle)) for chunk in functions]
    if start < 0 or max(shares, default=0) < 0.5:
        return None
    wanted = int(np.argmax(shares))
    others = np.random.default_rng(len(functions)).permutation(len(functions))[:most].tolist()
    kept = sorted({wanted, *others})
    pieces = [CodePiece(functions[i].name, functions[i].text(outline), functions[i].head(outline)) for i in kept]
    return Case(pair.query, pieces, kept.index(wanted))


def _share(outline: Outline, chunk: Chunk, start: int, end: int) -> float:
    """Return the share of a chunk that lies between two places of the text."""
    spans = [outline.span(outline.elements[index]) for index in chunk.elements]
    inside = sum(max(0, min(span.end, end) - max(span.start, start)) for span in spans)
    return inside / max(1, sum(span.end - span.start for span in spans))


def files(folders: Sequence[Path]) -> list[tuple[list[Path], float]]:
    """Return groups of source files and the share of the pairs that each gives."""
    installed = Path(sysconfig.get_paths()["purelib"])
    site = {path for path in (installed, Path(np.__file__).parents[1]) if path.is_dir()}
    packages = [path for root in site for name in PERMISSIVE for path in (root / name).rglob("*.py")]
    library = [p for p in Path(sysconfig.get_paths()["stdlib"]).rglob("*.py") if "site-packages" not in p.parts]
    groups = [(packages, 0.5), (library, 0.15)]
    for suffix in SUFFIXES:
        groups.append(([p for folder in folders for p in folder.rglob(f"*{suffix}")], 0.35 / len(SUFFIXES)))
    return [([path for path in group if _wanted(path)], share) for group, share in groups]


def _wanted(path: Path) -> bool:
    out = {"_vendor", "vendor", "tests", "test", "testdata", "lib2to3", "commander", "regex", "serde_json", "clap"}
    named = path.name.startswith("test_") or path.stem.endswith(("_test", ".min"))
    return not named and not out & set(path.parts) and path.is_file() and 6_000 < path.stat().st_size < 60_000


def cases(folders: Sequence[Path], count: int, most: int, seed: int) -> list[Case]:
    """Return about `count` cases of about `most` functions, the same ones every time for the same files and `seed`."""
    found = (pair for group, share in files(folders) for pair in pairs(group, int(count * share), seed))
    made = [case_of(pair, most) for pair in found]
    return [case for case in made if case is not None]


def fit(matrices: Sequence[NDArray[np.float64]], wanted: Sequence[int], names: Sequence[str]) -> Ranking:
    """Return the linear ranking under which the wanted rows are likeliest among the rows of their matrix."""
    stacked = np.concatenate(list(matrices))
    centre, spread = stacked.mean(axis=0), stacked.std(axis=0) + 1e-6
    owner = torch.tensor(np.repeat(np.arange(len(matrices)), [len(m) for m in matrices]))
    starts = np.cumsum([0, *(len(matrix) for matrix in matrices[:-1])])
    rows = torch.tensor(np.clip((stacked - centre) / spread, -FAR, FAR))
    right = torch.tensor(starts + np.asarray(wanted))
    weight = torch.zeros(rows.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        values = rows @ weight
        total = torch.zeros(len(matrices), dtype=torch.float64).index_add(0, owner, values.exp()).log()
        found = (total - values[right]).mean() + WEIGHT_DECAY * (weight @ weight)
        found.backward()
        return found

    optimiser.step(loss)
    return Ranking(tuple(names), centre, spread, weight.detach().numpy())


def quality(ranking: Ranking, matrices: Sequence[NDArray[np.float64]], wanted: Sequence[int]) -> tuple[float, float]:
    """Return the mean nats that the wanted rows cost, and how often one of them comes first."""
    nats, first = [], []
    for matrix, right in zip(matrices, wanted, strict=True):
        values = ranking.values(matrix)
        nats.append(float(np.log(np.exp(values - values.max()).sum()) + values.max() - values[right]))
        first.append(int(np.argmax(values)) == right)
    return float(np.mean(nats)), float(np.mean(first))


def main() -> None:
    """Fit, print what halves kept back say, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--functions", type=int, default=30, help="of a file that compete, at most")
    parser.add_argument("--model", default=BUNDLED)
    asked = parser.parse_args()
    seed = SEED if asked.model == BUNDLED else OTHER_SEED
    found = cases(asked.folders, asked.pairs, asked.functions, seed)
    key, names = BUNDLED, LIGHT_FEATURES
    scorer: EncoderScorer | CausalScorer = encoder_scorer()
    if asked.model != BUNDLED:
        key, names = CAUSAL, CAUSAL_FEATURES
        scorer = load_causal_scorer(asked.model)
    matrices = [scorer.features(case.query, case.pieces) for case in found]
    wanted = [case.wanted for case in found]
    for side in (0, 1):
        learnt = fit(matrices[side::2], wanted[side::2], names)
        nats, first = quality(learnt, matrices[1 - side :: 2], wanted[1 - side :: 2])
        print(f"half {side + 1} of {len(found)} files on the other: {nats:.3f} nats, first in {first:.1%}")
    table = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.is_file() else {}
    table[key] = fit(matrices, wanted, names).to_dict()
    TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print({name: round(float(value), 2) for name, value in zip(names, table[key]["weight"], strict=True)})


if __name__ == "__main__":
    main()
