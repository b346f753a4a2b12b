"""Fit the fusion of the relevance scorer on questions kept back from training."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ctxzip.models.relevance import (
    Floats,
    Fusion,
    Passage,
    PassageIndex,
    Query,
    first_features,
    hop_features,
)
from training.passages import TWO_HOP, Group
from training.runtime import Runner

WIDTH = 16
MIXED = 10
GROUPED = ("squad", "qed_nq", "distill", "selqa")


@dataclass(slots=True)
class Case:
    """A query put to a context, and the sentences that answer it (0.5: helpful, not judged)."""

    index: PassageIndex
    query: Query
    answers: Floats
    weight: float = 1.0


def cases(groups: list[Group], runner: Runner, seed: int) -> Iterator[Case]:
    """Every question in its own context and, for single passages, among nine others."""
    chance = random.Random(seed)
    texts = [p for group in groups for p in group.passages]
    made = runner.passages([p.text for p in texts], [p.sentences for p in texts], [p.title for p in texts])
    encoded = iter(made)
    contexts = [[next(encoded) for _ in group.passages] for group in groups]
    asked = iter(runner.queries([q.text for group in groups for q in group.questions]))
    queries = [[next(asked) for _ in group.questions] for group in groups]
    pool = [n for n, group in enumerate(groups) if group.source in GROUPED]
    for number, group in enumerate(groups):
        own = PassageIndex(contexts[number])
        for question, query in zip(group.questions, queries[number], strict=True):
            yield Case(own, query, _labels(contexts[number], question.answers, 0))
        if group.source in GROUPED:
            yield from _mixed(number, groups, contexts, queries, chance.sample(pool, MIXED))


def _mixed(
    number: int,
    groups: list[Group],
    contexts: list[list[Passage]],
    queries: list[list[Query]],
    drawn: list[int],
) -> Iterator[Case]:
    """The questions of a passage among others, and once without it."""
    others = [n for n in drawn if n != number][: MIXED - 1]
    place = number % MIXED
    order = [*others[:place], number, *others[place:]]
    passages = [contexts[n][0] for n in order]
    index, without = PassageIndex(passages), PassageIndex([contexts[n][0] for n in others])
    for question, query in zip(groups[number].questions, queries[number], strict=True):
        moved = {(order.index(number), s): w for (_, s), w in question.answers.items()}
        yield Case(index, query, _labels(passages, moved, 0))
    for query in queries[number][:1]:
        yield Case(without, query, np.zeros(len(without.owner), dtype=np.float32))


def _labels(passages: list[Passage], answers: dict[tuple[int, int], float], fill: float) -> Floats:
    labels = [np.full(len(p.spans), fill, dtype=np.float32) for p in passages]
    for (passage, sentence), weight in answers.items():
        labels[passage][sentence] = 1.0 if weight >= 1 else 0.5
    return np.concatenate(labels)


def fit(table: list[Case], seed: int) -> Fusion:
    """A logistic first look, then a small network over all features."""
    basic = [first_features(case.index, case.query) for case in table]
    labels = [case.answers for case in table]
    weights = [_weights(case) for case in table]
    first = _train(basic, labels, weights, hidden=0, seed=seed)
    look = Fusion(_folded(first), first.centre, first.spread, [])
    full = []
    for case, features in zip(table, basic, strict=True):
        hops = hop_features(case.index, case.query, look.look(features))
        full.append(np.concatenate([features, hops], axis=1))
    final = _train(full, labels, weights, hidden=WIDTH, seed=seed)
    return Fusion(look.first, final.centre, final.spread, final.layers)


def _weights(case: Case) -> Floats:
    """Sentences that are helpful but not needed are not judged; small contexts count as much."""
    weights = np.where(case.answers == 0.5, 0.0, 1.0)
    weighted: Floats = (weights * case.weight / max(len(weights), 1) ** 0.5).astype(np.float32)
    return weighted


def _train(features: list[Floats], labels: list[Floats], weights: list[Floats], *, hidden: int, seed: int) -> Fusion:
    """Fit by full-batch Adam: each sentence right, and the right ones first in their context."""
    torch.manual_seed(seed)
    table = np.concatenate(features)
    centre, spread = table.mean(axis=0), table.std(axis=0) + 1e-3
    x = torch.from_numpy(np.clip((table - centre) / spread, -6, 6))
    y, w = (torch.from_numpy(np.concatenate(part)) for part in (labels, weights))
    context = torch.repeat_interleave(torch.arange(len(labels)), torch.tensor([len(part) for part in labels]))
    sizes = [x.shape[1], hidden, 1] if hidden else [x.shape[1], 1]
    layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
    optimizer = torch.optim.AdamW(layers.parameters(), lr=0.02, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 400)
    for _ in range(400):
        z = _apply(layers, x)
        single = F.binary_cross_entropy_with_logits(z, (y == 1).float(), w)
        loss = single / w.mean() + 0.3 * _listwise(z, y, context, len(labels))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    _recalibrate(layers, _apply(layers, x).detach(), (y == 1).float(), w)
    numbers = [
        (layer.weight.detach().T.numpy().copy(), layer.bias.detach().numpy().copy())
        for layer in layers
        if isinstance(layer, nn.Linear)
    ]
    return Fusion(np.zeros(0, dtype=np.float32), centre, spread, numbers)


def _apply(layers: nn.ModuleList, x: Tensor) -> Tensor:
    for layer in layers[:-1]:
        x = torch.tanh(layer(x))
    z: Tensor = layers[-1](x)[:, 0]
    return z


def _listwise(z: Tensor, y: Tensor, context: Tensor, count: int) -> Tensor:
    """Softmax of each answer against the sentences of its context that do not answer."""
    rest = torch.zeros(count).index_add(0, context, torch.exp(z.clamp(-20, 20)) * (y == 0))
    answers = y == 1
    lost = torch.log1p(rest[context[answers]] * torch.exp(-z[answers].clamp(-20, 20)))
    return lost.mean()


def _recalibrate(layers: nn.ModuleList, z: Tensor, y: Tensor, w: Tensor) -> None:
    """Scale and shift the last layer so that the probabilities fit (Platt)."""
    line = torch.tensor([1.0, 0.0], requires_grad=True)
    optimizer = torch.optim.LBFGS([line], max_iter=50)

    def closure() -> float:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(line[0] * z + line[1], y, w) / w.mean()
        loss = loss + 0.01 * (line[0] - 1).square()
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    last = layers[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.mul_(line[0])
        last.bias.mul_(line[0]).add_(line[1])


def _folded(fusion: Fusion) -> Floats:
    """A linear model over standardised features as one over raw ones, the bias last."""
    weight, bias = fusion.layers[0]
    slope = weight[:, 0] / fusion.spread
    return np.append(slope, bias[0] - slope @ fusion.centre).astype(np.float32)


def save(fusion: Fusion, path: Path) -> None:
    """Write the parameters, rounded."""
    layers = [{"weight": _rounded(w), "bias": _rounded(b)} for w, b in fusion.layers]
    names = ("first", "centre", "spread")
    raw = {name: _rounded(getattr(fusion, name)) for name in names} | {"layers": layers}
    path.write_text(json.dumps(raw) + "\n", encoding="utf-8")


def _rounded(values: Floats) -> list[float]:
    return json.loads(json.dumps(np.round(values.astype(np.float64), 6).tolist()))  # type: ignore[no-any-return]


def calibrate(groups: list[Group], seen: list[Group], folder: Path, seed: int) -> Fusion:
    """Fit the fusion for the exported encoder in a folder and write it there.

    Two-hop questions are few, so those seen in training are taken as well: how passages link to
    each other is learnt here, not by the encoder.
    """
    links = [group for group in seen if group.source in TWO_HOP]
    fusion = fit(list(cases([*groups, *links], Runner(folder), seed)), seed)
    save(fusion, folder / "fusion.json")
    return fusion
