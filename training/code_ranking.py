"""Fit how functions are ranked for a question, on questions made from documentation comments.

    python -m training.code_ranking [FOLDER …] [--pairs 400] [--functions 30] [--ranking bundled]

Reads the standard library, the installed packages named in `training/code_pairs.py` and the source trees in the
FOLDERs, and writes the ranking of that scorer into `models/code_ranking.json`. Run it again when the bundled
encoder changes: first for `bundled`, then for `gemma` and for `causal`, any other causal model, whose rankings weigh
what the light one says. What a model reads is kept in ctxzip's cache.
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
from ctxzip.compressors.code_judgement import piece_of
from ctxzip.compressors.longcodezip import outline_of
from ctxzip.models.causal_code import (
    CAUSAL,
    CAUSAL_FEATURES,
    PROBE_FEATURES,
    best_pieces,
    glimpse,
    load_causal_scorer,
)
from ctxzip.models.code_features import CodePiece
from ctxzip.models.code_ranking import FAR, PROBED, TABLE, Probe, Ranking
from ctxzip.models.code_scorer import LIGHT_FEATURES, encoder_scorer
from ctxzip.models.store import BUNDLED, GEMMA
from training.code_pairs import PERMISSIVE, Pair, pairs

Matrix = NDArray[np.float64]
WEIGHT_DECAY = 0.03
STATE_DECAY = 1.0
"""The same for the many numbers of a model's state."""
LAYER = 12
"""Layer of the 270M Gemma whose states say most on questions kept back; its neighbours say less."""
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
    pieces = [piece_of(outline, functions[i]) for i in kept]
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


def fit(matrices: Sequence[Matrix], wanted: Sequence[int], names: Sequence[str]) -> Ranking:
    """Return the linear ranking under which the wanted rows are likeliest among the rows of their matrix."""
    stacked = np.concatenate(list(matrices))
    centre, spread = stacked.mean(axis=0), stacked.std(axis=0) + 1e-6
    rows = np.clip((stacked - centre) / spread, -FAR, FAR)
    weight = likeliest(rows, [len(matrix) for matrix in matrices], wanted, np.full(rows.shape[1], WEIGHT_DECAY))
    return Ranking(tuple(names), centre, spread, weight)


def fit_probe(light: Sequence[Matrix], states: Sequence[Matrix], wanted: Sequence[int]) -> tuple[Ranking, Probe]:
    """Return the ranking by light values and a model's states together, and the probe into those."""
    values = np.concatenate(list(light))
    inner = np.concatenate([state - state.mean(axis=0) for state in states])
    centre, spread, width = values.mean(axis=0), values.std(axis=0) + 1e-6, inner.std(axis=0) + 1e-6
    rows = np.concatenate([np.clip((values - centre) / spread, -FAR, FAR), inner / width], axis=1)
    decay = np.repeat([WEIGHT_DECAY, STATE_DECAY], [1, inner.shape[1]])
    weight = likeliest(rows, [len(each) for each in light], wanted, decay)
    found = Probe(LAYER, (weight[1:] / width).astype(np.float32))
    probed = found.values(np.concatenate(list(states)))
    columns = ((*centre, probed.mean()), (*spread, probed.std()), (*weight[:1], probed.std()))
    return Ranking(PROBE_FEATURES, *(np.array(column) for column in columns)), found


def likeliest(rows: Matrix, sizes: Sequence[int], wanted: Sequence[int], decay: Matrix) -> Matrix:
    """Return the weights of the columns that make the `wanted` rows likeliest among the `sizes` rows of their file."""
    owner = torch.tensor(np.repeat(np.arange(len(sizes)), sizes))
    right = torch.tensor(np.cumsum([0, *sizes[:-1]]) + np.asarray(wanted))
    table, each = torch.tensor(rows), torch.tensor(decay)
    weight = torch.zeros(table.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        values = table @ weight
        total = torch.zeros(len(sizes), dtype=torch.float64).index_add(0, owner, values.exp()).log()
        found = (total - values[right]).mean() + (each * weight * weight).sum()
        found.backward()
        return found

    optimiser.step(loss)
    return weight.detach().numpy()


def quality(ranking: Ranking, matrices: Sequence[NDArray[np.float64]], wanted: Sequence[int]) -> tuple[float, float]:
    """Return the mean nats that the wanted rows cost, and how often one of them comes first."""
    nats, first = [], []
    for matrix, right in zip(matrices, wanted, strict=True):
        values = ranking.values(matrix)
        nats.append(float(np.log(np.exp(values - values.max()).sum()) + values.max() - values[right]))
        first.append(int(np.argmax(values)) == right)
    return float(np.mean(nats)), float(np.mean(first))


def light_tables(found: Sequence[Case]) -> dict[str, object]:
    """Return the ranking of the light scorer, fitted on cases, and print how it does on halves kept back."""
    scorer = encoder_scorer()
    matrices = [scorer.features(case.query, case.pieces) for case in found]
    wanted = [case.wanted for case in found]
    for side in (0, 1):
        learnt = fit(matrices[side::2], wanted[side::2], LIGHT_FEATURES)
        _print(BUNDLED, quality(learnt, matrices[1 - side :: 2], wanted[1 - side :: 2]))
    return {BUNDLED: fit(matrices, wanted, LIGHT_FEATURES).to_dict()}


def causal_tables(found: Sequence[Case]) -> dict[str, object]:
    """Return the ranking for causal models that have no probe, by what the 270M Gemma gains."""
    scorer = load_causal_scorer(GEMMA)
    light, pieces, wanted = read_pieces(found)
    gains = [scorer.gains(query, [glimpse(piece) for piece in each])[:, None] for query, each in pieces]
    matrices = [np.concatenate(pair, axis=1) for pair in zip(light, gains, strict=True)]
    for side in (0, 1):
        learnt = fit(matrices[side::2], wanted[side::2], CAUSAL_FEATURES)
        _print(CAUSAL, quality(learnt, matrices[1 - side :: 2], wanted[1 - side :: 2]))
    return {CAUSAL: fit(matrices, wanted, CAUSAL_FEATURES).to_dict()}


def probe_tables(found: Sequence[Case]) -> dict[str, object]:
    """Return the ranking for the 270M Gemma with the probe into it."""
    scorer = load_causal_scorer(GEMMA)
    light, pieces, wanted = read_pieces(found)
    states = [scorer.states(query, each, LAYER) for query, each in pieces]
    for side in (0, 1):
        own, other = slice(side, None, 2), slice(1 - side, None, 2)
        _print(BUNDLED, quality(fit(light[own], wanted[own], PROBE_FEATURES[:1]), light[other], wanted[other]))
        learnt, probe = fit_probe(light[own], states[own], wanted[own])
        probed = [np.column_stack([a, probe.values(b)]) for a, b in zip(light[other], states[other], strict=True)]
        _print(PROBED, quality(learnt, probed, wanted[other]))
    learnt, probe = fit_probe(light, states, wanted)
    return {PROBED: learnt.to_dict() | probe.to_dict()}


def read_pieces(found: Sequence[Case]) -> tuple[list[Matrix], list[tuple[str, list[CodePiece]]], list[int]]:
    """Return light values, question and chunks, and the answer's place, of what a model reads where that has it."""
    light, pieces, wanted = [], [], []
    for case in found:
        values = encoder_scorer().relevance(case.query, case.pieces)
        shown = best_pieces(values, case.pieces).tolist()
        if case.wanted in shown:
            light.append(values[shown][:, None])
            pieces.append((case.query, [case.pieces[at] for at in shown]))
            wanted.append(shown.index(case.wanted))
    print(f"{len(wanted)} of {len(found)} functions are among those read")
    return light, pieces, wanted


def _print(name: str, measured: tuple[float, float]) -> None:
    print(f"{name}, a half on the other: {measured[0]:.3f} nats, first in {measured[1]:.1%}")


def main() -> None:
    """Fit, print what halves kept back say, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--functions", type=int, default=30, help="of a file that compete, at most")
    parser.add_argument("--ranking", default=BUNDLED, choices=[BUNDLED, PROBED, CAUSAL])
    asked = parser.parse_args()
    found = cases(asked.folders, asked.pairs, asked.functions, SEED if asked.ranking == BUNDLED else OTHER_SEED)
    made = {BUNDLED: light_tables, PROBED: probe_tables, CAUSAL: causal_tables}[asked.ranking](found)
    table = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.is_file() else {}
    TABLE.write_text(json.dumps(table | made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
