"""OpenProvence pruners: rerankers that judge a passage token by token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ctxzip.errors import InputError
from ctxzip.models.torch_loading import device, tokenizer_of
from ctxzip.passages import Passage
from ctxzip.progress import report
from ctxzip.text import Span

LONGEST = 512
"""Tokens of a pair that a reranker reads, unless its tokenizer says less."""


def _limit(tokenizer: Any) -> int:
    return min(int(tokenizer.model_max_length or LONGEST), LONGEST)


class Pruner:
    """An OpenProvence checkpoint: a reranker whose last states also say which tokens of a passage to keep.

    A sentence is worth the mean keep probability of its tokens (Chirkova et al., 2025, section 3).
    """

    threshold = 0.1

    def __init__(self, directory: Path, name: str) -> None:
        """Load the reranker and the linear head beside it."""
        import torch
        from safetensors.torch import load_file

        self.name = name
        self._tokenizer = tokenizer_of(directory)
        weights = _all_weights(directory, load_file)
        head = {key: value for key, value in weights.items() if re.search(r"pruning_head\..*(?:weight|bias)$", key)}
        shapes = sorted(tuple(value.shape) for value in head.values())
        if len(head) != 2 or len(shapes[-1]) != 2:
            raise InputError(f"{name} has no linear pruning head", hint="use an OpenProvence checkpoint")
        weight = next(value for value in head.values() if value.dim() == 2)
        bias = next(value for value in head.values() if value.dim() == 1)
        self._head = torch.nn.Linear(weight.shape[1], weight.shape[0])
        self._head.load_state_dict({"weight": weight, "bias": bias})
        self._head.to(device())
        backbone = {k.removeprefix("ranking_model."): v for k, v in weights.items() if "pruning_head." not in k}
        self._model = _backbone(directory, backbone)

    def probabilities(self, passages: Sequence[Passage], query: str) -> list[list[float]]:
        """Return the mean keep probability of every sentence; long passages are read in parts."""
        found = []
        for done, passage in enumerate(passages):
            found.append([value for part in self._parts(passage, query) for value in self._judge(query, *part)])
            report(done + 1, len(passages))
        return found

    def _parts(self, passage: Passage, query: str) -> Iterator[tuple[str, list[Span]]]:
        """Yield runs of sentences that fit beside the query, with their text."""
        asked = len(self._tokenizer(query)["input_ids"])
        lengths = [len(ids) for ids in self._tokenizer([s.of(passage.text) for s in passage.sentences])["input_ids"]]
        room = max(32, _limit(self._tokenizer) - asked)
        run: list[Span] = []
        used = 0
        for sentence, length in zip(passage.sentences, lengths, strict=True):
            if run and used + length > room:
                yield _text_of(passage, run)
                run, used = [], 0
            run.append(sentence)
            used += length
        if run:
            yield _text_of(passage, run)

    def _judge(self, query: str, text: str, sentences: Sequence[Span]) -> list[float]:
        """Return the mean keep probability of every sentence of a part that fits."""
        import torch

        fed = self._tokenizer(
            query,
            text,
            truncation="only_second",
            max_length=_limit(self._tokenizer),
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        second = torch.tensor([which == 1 for which in fed.sequence_ids(0)])
        offsets = fed.pop("offset_mapping")[0]
        with torch.inference_mode():
            states = self._model(**fed.to(device()), output_hidden_states=True).hidden_states[-1]
            keep = torch.softmax(self._head(states.float()), -1)[0, :, 1].cpu()
        found = []
        for span in sentences:
            own = second & (offsets[:, 0] >= span.start) & (offsets[:, 0] < span.end) & (offsets[:, 1] > offsets[:, 0])
            found.append(float(keep[own].mean()) if bool(own.any()) else 0.0)
        return found


def _text_of(passage: Passage, run: Sequence[Span]) -> tuple[str, list[Span]]:
    """Return the text of a run of sentences under its title, and where in it they are."""
    first = run[0].start
    shift = len(passage.title) + 1 if passage.title else 0
    body = passage.text[first : run[-1].end]
    moved = [Span(span.start - first + shift, span.end - first + shift) for span in run]
    return (f"{passage.title}\n{body}" if passage.title else body), moved


def _all_weights(directory: Path, load: Any) -> dict[str, Any]:
    files = sorted(directory.glob("*.safetensors"))
    if not files:
        raise InputError(f"no safetensors in {directory}", hint="download the checkpoint again")
    return {key: value for file in files for key, value in load(str(file)).items()}


def _backbone(directory: Path, weights: dict[str, Any]) -> Any:
    """Return the reranker that the checkpoint wraps, its kind read from the wrapper's configuration."""
    import json

    from transformers import AutoConfig, AutoModelForSequenceClassification

    raw = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    base = dict(raw.get("base_model_config") or raw)
    kind = base.pop("model_type", None) or raw.get("model_type")
    if kind in (None, "open_provence"):
        raise InputError(f"{directory} does not say what its reranker is", hint="base_model_config names it")
    config = AutoConfig.for_model(kind, **{key: value for key, value in base.items() if key != "architectures"})
    model = AutoModelForSequenceClassification.from_config(config)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    absent = [name for name in missing if "position_ids" not in name]
    if absent or unexpected:
        raise InputError(
            f"the weights in {directory} do not fit a {kind} reranker: {', '.join([*absent, *unexpected][:3])}",
            hint="use an OpenProvence checkpoint",
        )
    return model.eval().to(device())
