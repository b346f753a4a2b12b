"""Code scored by a causal language model: how much likelier a chunk makes the question (LongCodeZip, 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ctxzip.code.spikes import blocks
from ctxzip.models.cache import Cache, NoCache, file_state, fingerprint
from ctxzip.models.code_scorer import (
    KIND,
    CodePiece,
    by_length,
    encoder_scorer,
    identifiers,
    load_array,
    standard,
    store_array,
)
from ctxzip.models.store import GEMMA, locate
from ctxzip.models.torch_loading import device, model_of, tokenizer_of
from ctxzip.progress import report

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

BATCH_TOKENS = 4096
"""Tokens of a padded batch; on a GPU sixteen times as many."""
LONGEST = 4096
"""Tokens of a chunk with the question; of a longer chunk head and tail are read."""
BREAK = "\n\n"
"""What stands between a chunk and the question."""


class CausalScorer:
    """Log-space mutual information of the question and a chunk, in nats per token of the question.

    With `compat` the released formula: the difference of the two perplexities, and the question's first token
    left out of the conditional one.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        name: str,
        *,
        compat: bool = False,
        cache: Cache | None = None,
        state: str = "",
    ) -> None:
        """Score with a transformers causal `model` and its `tokenizer`; `state` identifies both in the `cache`."""
        self.name = name
        self._model = model
        self._tokenizer = tokenizer
        self._compat = compat
        self._cache = cache if cache and state else NoCache()
        self._state = state
        self.tokens_read = 0
        """Tokens that went through the model, for the comparison of costs."""

    def gains(self, query: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the mutual information of `query` with every text; what cannot be scored is -inf."""
        names = [fingerprint([self._state, "gain", str(self._compat), query, text]) for text in texts]
        known = {name: found for name in names if (found := load_array(self._cache, KIND, name)) is not None}
        missing = list({name: text for name, text in zip(names, texts, strict=True) if name not in known}.items())
        if missing:
            for (name, _), value in zip(missing, self._gains(query, [text for _, text in missing]), strict=True):
                known[name] = np.array([value], dtype=np.float32)
                store_array(self._cache, KIND, name, known[name])
        return np.array([float(known[name][0]) for name in names])

    def _gains(self, query: str, texts: Sequence[str]) -> list[float]:
        base = self.question_losses(query, [""])[0]
        losses = self.question_losses(query, texts)
        if self._compat:
            return [float(np.exp(_mean(base)) - np.exp(_mean(given[1:]))) for given in losses]
        return [_mean(base) - _mean(given[len(given) - len(base) :]) if len(given) else -np.inf for given in losses]

    def question_losses(self, query: str, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """Return for every text the loss in nats of each token of `query` after it; the output head sees only those.

        After an empty text the first token counts only if the tokenizer has a start token.
        """
        rows, starts = zip(*(self._question(query, text) for text in texts), strict=True)
        losses: list[NDArray[np.float64]] = [np.zeros(0)] * len(rows)
        done = 0
        for batch in by_length([len(row) for row in rows], self._room()):
            found = self.losses([rows[i] for i in batch], [starts[i] for i in batch])
            for index, row in zip(batch, found, strict=True):
                losses[index] = row
            done += len(batch)
            report(done, len(rows))
        return losses

    def _question(self, query: str, text: str) -> tuple[list[int], int]:
        """Return the ids of a text followed by the question, and the place of the question's first id."""
        asked = self._ids(text + BREAK + query if text else query, start=True)
        before = len(self._ids(text + BREAK, start=True)) if text else len(self._ids("", start=True))
        over = len(asked) - LONGEST
        if over > 0 and before > over:
            keep = before - over
            head = (keep + 1) // 2
            asked = [*asked[:head], *asked[before - (keep - head) :]]
            before = keep
        return asked, min(max(before, 1), len(asked))

    def losses_at(self, ids: Sequence[int], wanted: Sequence[tuple[int, Sequence[int]]]) -> list[NDArray[np.float64]]:
        """Return the losses of other labels at places of one text: from row (place) on, one per label given."""
        import torch

        if not wanted:
            return []
        hidden = self._hidden([ids])[0]
        found = []
        for row, labels in wanted:
            logits = self._head(hidden[row : row + len(labels)]).float()
            target = torch.tensor(labels, dtype=torch.long, device=logits.device)
            found.append(torch.nn.functional.cross_entropy(logits, target, reduction="none").cpu().numpy())
        return [np.asarray(each, dtype=np.float64) for each in found]

    def losses(self, rows: Sequence[Sequence[int]], starts: Sequence[int]) -> list[NDArray[np.float64]]:
        """Return the losses of the ids from `starts` on, one padded forward for all rows."""
        import torch

        if not rows:
            return []
        hidden = self._hidden(rows)
        found = []
        for index, (row, start) in enumerate(zip(rows, starts, strict=True)):
            logits = self._head(hidden[index, start - 1 : len(row) - 1])
            labels = torch.tensor(row[start:], device=logits.device)
            found.append(torch.nn.functional.cross_entropy(logits.float(), labels, reduction="none").cpu().numpy())
        return [np.asarray(each, dtype=np.float64) for each in found]

    def _hidden(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        import torch

        length = max(len(row) for row in rows)
        ids = torch.zeros((len(rows), length), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
            mask[index, : len(row)] = 1
        self.tokens_read += sum(len(row) for row in rows)
        place = self._model.device
        with torch.inference_mode():
            hidden: torch.Tensor = self._model.get_decoder()(
                input_ids=ids.to(place), attention_mask=mask.to(place), use_cache=False
            ).last_hidden_state
        return hidden

    def _head(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the logits of some positions."""
        import torch

        with torch.inference_mode():
            logits: torch.Tensor = self._model.get_output_embeddings()(hidden)
            cap = getattr(self._model.config, "final_logit_softcapping", None)
            return torch.tanh(logits / cap) * cap if cap else logits

    def remember(self, text: str) -> tuple[Any, int]:
        """Read a chunk once and return its keys and values, and how many tokens they are, for `ask`."""
        import torch

        ids = self._ids(text + BREAK, start=True)
        self.tokens_read += len(ids)
        with torch.inference_mode():
            read = self._model.get_decoder()(input_ids=torch.tensor([ids], device=self._model.device), use_cache=True)
        return read, len(ids)

    def ask(self, query: str, text: str, memory: tuple[Any, int]) -> NDArray[np.float64] | None:
        """Return the losses of `query` after a chunk in `memory`; only the question goes through the model.

        None where the chunk's tokens change when the question follows, so that what is remembered does not hold.
        """
        import copy

        import torch

        read, size = memory
        ids, start = self._question(query, text)
        if start != size or ids[:size] != self._ids(text + BREAK, start=True):
            return None
        rest = torch.tensor([ids[size:]], device=self._model.device)
        self.tokens_read += len(ids) - size
        with torch.inference_mode():
            more = self._model.get_decoder()(
                input_ids=rest, past_key_values=copy.deepcopy(read.past_key_values), use_cache=True
            ).last_hidden_state
            rows = torch.cat([read.last_hidden_state[0, -1:], more[0, :-1]])
            losses = torch.nn.functional.cross_entropy(self._head(rows).float(), rest[0], reduction="none")
        return np.asarray(losses.cpu().numpy(), dtype=np.float64)

    def token_losses(self, text: str, query: str = "") -> tuple[NDArray[np.float64], list[tuple[int, int]]]:
        """Return the loss of every token of `text`, 0 for a first one without context, and its place in `text`.

        With `query` the text follows the question. One forward, the output head over the text's tokens.
        """
        prefix = self._ids(query + BREAK if query else "", start=True)
        encoded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids, places = encoded["input_ids"][: LONGEST - len(prefix)], encoded["offset_mapping"]
        if not ids:
            return np.zeros(0), []
        row = [*prefix, *ids]
        start = max(1, len(prefix))
        losses = self.losses([row], [start])[0]
        first = np.zeros(len(row) - len(losses) - len(prefix))
        return np.concatenate([first, losses]), [tuple(place) for place in places[: len(ids)]]

    def bits(self, text: str, ends: Sequence[int], query: str = "") -> NDArray[np.float64]:
        """Return the mean bits per token of the parts of `text` that `ends` (characters) divide; 0 for no token."""
        losses, places = self.token_losses(text, query)
        owner = np.searchsorted(np.asarray(ends), [end - 1 for _, end in places], side="right")
        sums = np.bincount(owner, weights=losses, minlength=len(ends))[: len(ends)]
        counts = np.bincount(owner, minlength=len(ends))[: len(ends)]
        result: NDArray[np.float64] = sums / np.maximum(counts, 1) / np.log(2)
        return result

    def relevance(self, query: str, pieces: Sequence[CodePiece]) -> NDArray[np.float64]:
        """Return the mutual information of every chunk, with the names in it and the encoder's view added.

        In `compat` the mutual information alone.
        """
        if not pieces:
            return np.zeros(0)
        gains = self.gains(query, [piece.text for piece in pieces])
        if self._compat:
            return gains
        return standard(gains) + standard(identifiers(query, pieces)) + _second_opinion(query, pieces)

    def lines(self, query: str, piece: CodePiece, cuts: Sequence[int]) -> NDArray[np.float64]:
        """Return the value in [0, 1] of the parts of a chunk: how much likelier the question makes their block.

        Two forwards of the chunk, alone and after the question. Blocks end where perplexity spikes; the parts of
        a block share its value.
        """
        alone = self.bits(piece.text, cuts)
        gain = alone - self.bits(piece.text, cuts, query)
        for block in blocks(alone.tolist()):
            gain[block.start : block.stop] = gain[block.start : block.stop].mean()
        if not len(gain):
            return gain
        result: NDArray[np.float64] = (gain - gain.min()) / (float(np.ptp(gain)) or 1)
        return result

    def ids(self, text: str) -> list[int]:
        """Return the tokens of `text` with what the tokenizer puts before it."""
        return self._ids(text, start=True)

    def _ids(self, text: str, *, start: bool) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=start)["input_ids"]
        end = self._tokenizer.eos_token_id
        return ids[:-1] if start and ids and ids[-1] == end and end != self._tokenizer.bos_token_id else ids

    def _room(self) -> int:
        return BATCH_TOKENS * (16 if self._model.device.type == "cuda" else 1)


def _mean(losses: NDArray[np.float64]) -> float:
    return float(losses.mean()) if len(losses) else float("inf")


def _second_opinion(query: str, pieces: Sequence[CodePiece]) -> NDArray[np.float64]:
    """Return the bundled encoder's standardised view, nothing where it is not installed."""
    from ctxzip.errors import ModelUnavailable

    try:
        return standard(encoder_scorer().relevance(query, pieces))
    except ModelUnavailable:
        return np.zeros(len(pieces))


@lru_cache(maxsize=2)
def load_causal_scorer(model: str, *, compat: bool = False, kept: bool = True) -> CausalScorer:
    """Return the scorer of the causal LM `model`: `gemma`, a directory or a hub id.

    Raises `MissingExtra` without torch, `UnknownName` or `ModelUnavailable` for what cannot be found.
    """
    import torch

    from ctxzip.models.cache import default_cache

    directory = _directory(model)
    precision = torch.bfloat16 if device() == "cuda" or _fast_half() else torch.float32
    loaded = model_of(directory, "AutoModelForCausalLM", "causal language model", dtype=precision)
    state = "|".join(file_state(file) for file in sorted(directory.glob("*.safetensors")))
    cache = default_cache() if kept else NoCache()
    name = model if compat else f"{model} + identifiers + bundled encoder"
    return CausalScorer(loaded, tokenizer_of(directory), name, compat=compat, cache=cache, state=state)


def _directory(model: str) -> Path:
    if model == GEMMA:
        from ctxzip.models.gemma import gemma_directory

        return gemma_directory()
    return locate(model)


def _fast_half() -> bool:
    """Tell whether this processor computes in bfloat16."""
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False
