"""A causal language model as a reader of code: what every token costs it, with as little computed as possible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

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


class CausalReader:
    """Losses in nats of the tokens of a text under a transformers causal model; the output head sees only those."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        """Read with `model` and its `tokenizer`."""
        self._model = model
        self._tokenizer = tokenizer
        self.tokens_read = 0
        """Tokens that went through the model, padding not counted."""

    def ids(self, text: str) -> list[int]:
        """Return the tokens of `text` with what the tokenizer puts before it."""
        return self.ids_of([text])[0]

    def ids_of(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the `ids` of every text; many at once take less time than one by one."""
        rows: list[list[int]] = self._tokenizer(list(texts), add_special_tokens=True)["input_ids"] if texts else []
        end = self._tokenizer.eos_token_id
        closed = end != self._tokenizer.bos_token_id
        return [row[:-1] if closed and row and row[-1] == end else row for row in rows]

    def question_losses(self, query: str, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """Return for every text the loss of each token of `query` after it.

        After an empty text the first token counts only if the tokenizer has a start token.
        """
        rows, starts = zip(*self._questions(query, texts), strict=True)
        losses: list[NDArray[np.float64]] = [np.zeros(0)] * len(rows)
        done = 0
        for batch in by_length([len(row) for row in rows], self._room()):
            found = self.losses([rows[i] for i in batch], [starts[i] for i in batch])
            for index, row in zip(batch, found, strict=True):
                losses[index] = row
            done += len(batch)
            report(done, len(rows))
        return losses

    def states(self, query: str, texts: Sequence[str], layer: int) -> NDArray[np.float32]:
        """Return for every text the mean of what comes out of a `layer`, counted from 1, for the tokens of `query`.

        Nothing above that layer is computed.
        """
        import torch

        decoder = _lower(self._model.get_decoder(), layer)
        rows, starts = zip(*self._questions(query, texts), strict=True)
        found: dict[int, torch.Tensor] = {}
        for batch in by_length([len(row) for row in rows], self._room()):
            hidden = self._hidden([rows[i] for i in batch], decoder)
            for index, own in zip(batch, hidden, strict=True):
                found[index] = own[starts[index] : len(rows[index])].float().mean(dim=0)
            report(len(found), len(rows))
        stacked: NDArray[np.float32] = torch.stack([found[index] for index in range(len(rows))]).cpu().numpy()
        return stacked

    def losses(self, rows: Sequence[Sequence[int]], starts: Sequence[int]) -> list[NDArray[np.float64]]:
        """Return the losses of the ids from `starts` on, one padded forward for all rows."""
        if not rows:
            return []
        hidden = self._hidden(rows)
        return [
            self._costs(hidden[index, start - 1 : len(row) - 1], row[start:])
            for index, (row, start) in enumerate(zip(rows, starts, strict=True))
        ]

    def losses_at(self, ids: Sequence[int], wanted: Sequence[tuple[int, Sequence[int]]]) -> list[NDArray[np.float64]]:
        """Return the losses of other labels at places of one text: from row (place) on, one per label given."""
        if not wanted:
            return []
        hidden = self._hidden([ids])[0]
        return [self._costs(hidden[row : row + len(labels)], labels) for row, labels in wanted]

    def remember(self, text: str) -> tuple[Any, int]:
        """Read a chunk once and return what `ask` goes on from, and how many tokens the chunk has."""
        import torch

        ids = self.ids(text + BREAK)
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
        ids, start = self._questions(query, [text])[0]
        if start != size or ids[:size] != self.ids(text + BREAK):
            return None
        rest = torch.tensor([ids[size:]], device=self._model.device)
        self.tokens_read += len(ids) - size
        with torch.inference_mode():
            more = self._model.get_decoder()(
                input_ids=rest, past_key_values=copy.deepcopy(read.past_key_values), use_cache=True
            ).last_hidden_state
            rows = torch.cat([read.last_hidden_state[0, -1:], more[0, :-1]])
        return self._costs(rows, ids[size:])

    def _questions(self, query: str, texts: Sequence[str]) -> list[tuple[list[int], int]]:
        """Return the ids of every text followed by the question, and the place of the question's first id."""
        before = [text + BREAK if text else "" for text in texts]
        ids = self.ids_of([*(start + query for start in before), *before])
        pairs = zip(ids[: len(texts)], ids[len(texts) :], strict=True)
        return [_shortened(asked, len(start)) for asked, start in pairs]

    def _hidden(self, rows: Sequence[Sequence[int]], decoder: Any = None) -> torch.Tensor:
        """Return what comes out of the last layer of `decoder`, the model's own if none is given."""
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
            hidden: torch.Tensor = (decoder or self._model.get_decoder())(
                input_ids=ids.to(place), attention_mask=mask.to(place), use_cache=False
            ).last_hidden_state
        return hidden

    def _costs(self, hidden: torch.Tensor, labels: Sequence[int]) -> NDArray[np.float64]:
        """Return the loss of every label at its position."""
        import torch

        with torch.inference_mode():
            logits: torch.Tensor = self._model.get_output_embeddings()(hidden)
            cap = getattr(self._model.config, "final_logit_softcapping", None)
            logits = (torch.tanh(logits / cap) * cap if cap else logits).float()
            target = torch.tensor(list(labels), dtype=torch.long, device=logits.device)
            costs = torch.nn.functional.cross_entropy(logits, target, reduction="none")
        return np.asarray(costs.cpu().numpy(), dtype=np.float64)

    def _room(self) -> int:
        return BATCH_TOKENS * (16 if self._model.device.type == "cuda" else 1)


def _lower(decoder: Any, layers: int) -> Any:
    """Return the first `layers` of a decoder, whose weights are shared, without the norm after the last one."""
    import copy

    import torch

    lower = copy.copy(decoder)
    lower._modules = dict(decoder._modules)
    lower.layers = decoder.layers[:layers]
    lower.norm = torch.nn.Identity()
    return lower


def _shortened(ids: list[int], before: int) -> tuple[list[int], int]:
    """Return at most `LONGEST` ids, cut in the middle of the first `before`, and the place of the first after those."""
    over = len(ids) - LONGEST
    if over > 0 and before > over:
        keep = before - over
        head = (keep + 1) // 2
        ids, before = [*ids[:head], *ids[before - (keep - head) :]], keep
    return ids, min(max(before, 1), len(ids))


def by_length(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Yield batches of indices, shortest first, that padded to their longest have at most `most` tokens."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and lengths[index] * (len(batch) + 1) > most:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
