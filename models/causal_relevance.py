"""EXIT's classifier: a causal language model is asked, sentence by sentence, whether it helps to answer."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctxzip.models.cache import Cache, NoCache, file_state, fingerprint
from ctxzip.models.torch_loading import adapted, device, model_of, tokenizer_of
from ctxzip.passages import Passage
from ctxzip.progress import report

if TYPE_CHECKING:
    import torch

PROMPT = """<start_of_turn>user
Query:
{query}
Full context:
{context}
Sentence:
{sentence}
Is this sentence useful in answering the query? Answer only "Yes" or "No".<end_of_turn>
<start_of_turn>model
"""
"""The question that the published classifier was trained on, to the letter."""
LONGEST = 2048
"""Tokens of a prompt; a longer context is trimmed around the sentence."""
BATCH = 8


class CausalRelevance:
    """P(Yes) against P(No) at the end of the prompt: the sigmoid of the difference of their logits.

    What the prompts of one context share is read once; its keys and values serve all its sentences, in batches.
    """

    threshold = 0.5

    def __init__(self, directory: Path, name: str, *, adapter: Path | None = None, cache: Cache | None = None) -> None:
        """Load the language model in `directory`, with the PEFT adapter in `adapter` on it.

        Answers are kept in `cache`. Raises `MissingExtra` without torch, transformers or, for an adapter, peft.
        """
        self.name = name
        self._tokenizer = tokenizer_of(directory)
        self._model = model_of(directory, "AutoModelForCausalLM", "causal language model", dtype=_precision())
        if adapter:
            self._model = adapted(self._model, adapter)
        self._yes, self._no = (self._tokenizer.encode(w, add_special_tokens=False)[0] for w in ("Yes", "No"))
        weights = [file for folder in (directory, adapter) if folder for file in sorted(folder.glob("*.safetensors"))]
        self._identity = "|".join(file_state(file) for file in weights)
        self._cache = cache or NoCache()
        self.longest = LONGEST

    def probabilities(self, passages: Sequence[Passage], query: str) -> list[list[float]]:
        """Return the probability of every sentence, asked within its own passage."""
        total = sum(len(passage.sentences) for passage in passages)
        found: list[list[float]] = []
        done = 0
        for passage in passages:
            own: list[float] = []
            for context, sentences in self._contexts(passage, query):
                own.extend(self._asked(query, context, sentences))
                report(done + len(own), total)
            done += len(own)
            found.append(own)
        return found

    def naive(self, query: str, context: str, sentence: str) -> float:
        """Return the probability of one sentence by one forward over its whole prompt, nothing shared."""
        import torch

        ids = torch.tensor([self._ids(query, context, sentence)], device=device())
        with torch.inference_mode():
            return self._probability(self._model(input_ids=ids).logits[0, -1])

    def _contexts(self, passage: Passage, query: str) -> Iterator[tuple[str, list[str]]]:
        """Yield contexts that fit with the sentences asked in them: the passage, or windows of a long one."""
        sizes = [len(ids) for ids in self._count([s.of(passage.text) for s in passage.sentences])]
        title, frame = self._count([passage.title, PROMPT.format(query=query, context="", sentence="")])
        room = max(16, self.longest - len(frame) - len(title) - max(sizes, default=0) - 8)
        for first, last, own in _windows(sizes, room):
            start, end = passage.sentences[first].start, passage.sentences[last - 1].end
            if (first, last) == (0, len(sizes)):
                start, end = 0, len(passage.text)
            body = passage.text[start:end].strip()
            context = f"{passage.title}\n{body}" if passage.title else body
            yield context, [passage.sentences[i].of(passage.text).strip() for i in own]

    def _count(self, texts: Sequence[str]) -> list[list[int]]:
        found: list[list[int]] = self._tokenizer(list(texts), add_special_tokens=False)["input_ids"] if texts else []
        return found

    def _asked(self, query: str, context: str, sentences: Sequence[str]) -> list[float]:
        """Return the probabilities of sentences that share a context, from the cache if they are there."""
        key = fingerprint([self._identity, PROMPT, query, context, *sentences])
        known = self._cache.read("relevance", key)
        if isinstance(known, list) and len(known) == len(sentences):
            return [float(value) for value in known]
        found = self._score([self._ids(query, context, sentence) for sentence in sentences])
        self._cache.write("relevance", key, found)
        return found

    def _ids(self, query: str, context: str, sentence: str) -> list[int]:
        """Return the token ids of a prompt, the start token of the tokenizer before it."""
        ids: list[int] = self._tokenizer(PROMPT.format(query=query, context=context, sentence=sentence))["input_ids"]
        return ids

    def _score(self, prompts: Sequence[Sequence[int]]) -> list[float]:
        """Return the probabilities of prompts with a common beginning, which is run once."""
        import torch
        from transformers import DynamicCache

        shared = _common(prompts)
        beginning = torch.tensor([prompts[0][:shared]], device=device())
        found = [0.0] * len(prompts)
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        with torch.inference_mode():
            held = DynamicCache()
            if shared:
                self._model(input_ids=beginning, past_key_values=held, use_cache=True, logits_to_keep=1)
            for start in range(0, len(order), BATCH):
                batch = order[start : start + BATCH]
                rows = self._ends([prompts[i][shared:] for i in batch], shared, held)
                for index, value in zip(batch, rows, strict=True):
                    found[index] = value
        return found

    def _ends(self, ends: Sequence[Sequence[int]], shared: int, held: Any) -> list[float]:
        """Return the probabilities of prompts that go on with `ends` after the `shared` tokens in `held`."""
        import torch

        width = max(len(end) for end in ends)
        ids = torch.zeros((len(ends), width), dtype=torch.long)
        mask = torch.zeros((len(ends), shared + width), dtype=torch.long)
        for row, end in enumerate(ends):
            ids[row, : len(end)] = torch.tensor(end)
            mask[row, : shared + len(end)] = 1
        last = torch.tensor([len(end) - 1 for end in ends])
        wanted, place = torch.unique(last, return_inverse=True)
        past = copy.deepcopy(held)
        if shared:
            past.batch_repeat_interleave(len(ends))
        logits = self._model(
            input_ids=ids.to(device()),
            attention_mask=mask.to(device()),
            position_ids=torch.arange(shared, shared + width, device=device())[None].expand(len(ends), -1),
            past_key_values=past,
            use_cache=True,
            logits_to_keep=wanted.to(device()),
        ).logits
        return [self._probability(logits[row, place[row]]) for row in range(len(ends))]

    def _probability(self, logits: torch.Tensor) -> float:
        """Return P(Yes) of the logits of one position."""
        difference = float(logits[self._yes]) - float(logits[self._no])
        return 1 / (1 + math.exp(-difference)) if difference > -700 else 0.0


def _windows(sizes: Sequence[int], room: int) -> Iterator[tuple[int, int, range]]:
    """Cut sentences of these `sizes` in tokens into windows of at most `room` tokens.

    Yields the first and the end of what a window shows, and the sentences it is asked about: neighbouring windows
    share half of themselves, so that a sentence is asked with context on both sides.
    """
    total = len(sizes)
    first = own = 0
    while own < total:
        last, used = first, 0
        while last < total and (used + sizes[last] <= room or last == first):
            used += sizes[last]
            last += 1
        if last == total:
            yield first, last, range(own, total)
            return
        half, stop = used // 4, last
        while stop > own + 1 and half - sizes[stop - 1] >= 0:
            half -= sizes[stop - 1]
            stop -= 1
        yield first, last, range(own, stop)
        own = stop
        back, first = used // 4, stop
        while first > 0 and back - sizes[first - 1] >= 0:
            back -= sizes[first - 1]
            first -= 1


def _common(rows: Sequence[Sequence[int]]) -> int:
    """Return how many tokens all `rows` begin with, one less than the shortest at most."""
    shortest = min(len(row) for row in rows) - 1
    low, high = min(map(list, rows)), max(map(list, rows))
    return next((i for i in range(shortest) if low[i] != high[i]), shortest)


def _precision() -> Any:
    import torch

    return torch.bfloat16 if device() == "cuda" else torch.float32
