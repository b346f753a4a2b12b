"""Text from torch checkpoints: causal language models and sequence-to-sequence summarisers, greedy and in batches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctxzip.models.cache import file_state
from ctxzip.models.decoding import NO_REPEAT, Batch, Head, batches, repeating
from ctxzip.models.prompts import Style
from ctxzip.models.torch_loading import device, fast_precision, model_of, tokenizer_of

if TYPE_CHECKING:
    import torch

LONGEST = 2048
"""Tokens of a prompt, where the model could read more."""
SEQ2SEQ_LONGEST = 1024
"""Tokens that a sequence-to-sequence summariser reads: what RECOMP's and BART's were trained with."""


class CausalGenerator:
    """A causal language model that goes on greedily from a prompt, in its chat template when it has one."""

    def __init__(self, model: Any, tokenizer: Any, name: str, style: Style, *, identity: str = "") -> None:
        """Write with `model`; `style` says how it wants to be asked."""
        self.name = name
        self.identity = identity or name
        self.style = style
        self._model = model
        self._tokenizer = tokenizer
        positions = getattr(model.config, "max_position_embeddings", LONGEST) or LONGEST
        self.longest = min(LONGEST, positions // 2)
        self._vocabulary: torch.Tensor | None = None

    @classmethod
    def load(cls, directory: Path, name: str) -> CausalGenerator:
        """Load the checkpoint in `directory`; without a chat template it is shown examples."""
        tokenizer = tokenizer_of(directory)
        model = model_of(directory, "AutoModelForCausalLM", "causal language model", dtype=fast_precision())
        style = Style.INSTRUCT if tokenizer.chat_template else Style.EXAMPLES
        return cls(model, tokenizer, name, style, identity=weights_state(directory))

    def restrict(self, tokens: Sequence[int]) -> None:
        """Write only `tokens` and those of the prompt: a smaller head is quicker, and invents less."""
        import torch

        self._vocabulary = torch.tensor(sorted({*tokens, *self._ends()}), device=device())

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text takes."""
        return [len(ids) for ids in self._encoded(texts)]

    def generate(self, prompts: Sequence[str], max_tokens: Sequence[int]) -> list[str]:
        """Return the greedy continuation of every prompt."""
        rows = self._encoded([self._templated(prompt) for prompt in prompts], special=self.style is not Style.INSTRUCT)
        rows = [row[-self.longest :] for row in rows]
        written: list[list[int]] = [[] for _ in rows]
        for batch in batches([len(row) for row in rows]):
            for at, ids in zip(batch, self._run([rows[i] for i in batch], [max_tokens[i] for i in batch]), strict=True):
                written[at] = ids
        texts: list[str] = self._tokenizer.batch_decode(written, skip_special_tokens=True)
        return [text.partition("\n\n\n")[0] if self.style is Style.EXAMPLES else text for text in texts]

    def _encoded(self, texts: Sequence[str], *, special: bool = False) -> list[list[int]]:
        if not texts:
            return []
        ids: list[list[int]] = self._tokenizer(list(texts), add_special_tokens=special)["input_ids"]
        return ids

    def _templated(self, prompt: str) -> str:
        if self.style is not Style.INSTRUCT:
            return prompt
        turns = [{"role": "user", "content": prompt}]
        text: str = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return text

    def _ends(self) -> set[int]:
        """Return the tokens that end an answer."""
        told = getattr(self._model, "generation_config", None)
        named = getattr(told, "eos_token_id", None)
        ends = set(named if isinstance(named, list) else [named]) | {self._tokenizer.eos_token_id}
        return {token for token in ends if token is not None}

    def _run(self, rows: Sequence[Sequence[int]], limits: Sequence[int]) -> list[list[int]]:
        """Return the tokens written after each of `rows`; a row that is finished leaves the batch."""
        import torch

        state = Batch(rows, limits, self._head(rows))
        with torch.inference_mode():
            while state.rows:
                fed = {"attention_mask": state.mask, "position_ids": state.positions, "past_key_values": state.past}
                out = self._forward(state.ids, fed)
                state.take(self._following(out, state), out.past_key_values, self._ends())
        return state.written

    def _forward(self, ids: torch.Tensor, fed: dict[str, Any]) -> Any:
        """Return the states of the last position, or its logits when nothing is left out of the head."""
        if self._vocabulary is None:
            return self._model(input_ids=ids, use_cache=True, logits_to_keep=1, **fed)
        return self._model.model(input_ids=ids, use_cache=True, **fed)

    def _following(self, out: Any, state: Batch) -> list[int]:
        """Return the best next token of every row in the batch."""
        if state.head is None:
            scores = out.logits[:, -1].float()
        else:
            scores = (out.last_hidden_state[:, -1] @ state.head.weight.T).float()
            scores = scores.masked_fill(~state.head.allowed[state.rows], float("-inf"))
        for at, row in enumerate(state.rows):
            if banned := repeating(state.written[row]):
                scores[at, state.head.places(banned) if state.head else banned] = float("-inf")
        best: list[int] = scores.argmax(1).tolist()
        return best if state.head is None else [int(state.head.names[place]) for place in best]

    def _head(self, rows: Sequence[Sequence[int]]) -> Head | None:
        """Return the part of the head that `rows` may use, None for all of it."""
        import torch

        if self._vocabulary is None:
            return None
        own = [torch.unique(torch.cat([self._vocabulary, torch.tensor(row, device=device())])) for row in rows]
        names = torch.unique(torch.cat(own))
        allowed = torch.stack([torch.isin(names, each) for each in own])
        return Head(names, allowed, self._model.get_output_embeddings().weight[names])


class Seq2SeqGenerator:
    """A summariser such as T5 or BART.

    Greedy, one beam, as RECOMP's own prediction script leaves it; BART's configuration of beams and penalties is
    not used, so that both kinds behave alike. Empty answers are answers.
    """

    def __init__(self, directory: Path, name: str) -> None:
        """Load the checkpoint in `directory`; T5 is asked in RECOMP's published format, others are shown the text."""
        self.name = name
        self.identity = weights_state(directory)
        self._tokenizer = tokenizer_of(directory)
        self._model = model_of(directory, "AutoModelForSeq2SeqLM", "sequence-to-sequence model", dtype=fast_precision())
        kind = json.loads((directory / "config.json").read_text(encoding="utf-8")).get("model_type", "")
        self.style = Style.RECOMP if "t5" in kind else Style.TEXT
        positions = getattr(self._model.config, "max_position_embeddings", None)
        self.longest = min(SEQ2SEQ_LONGEST, positions or SEQ2SEQ_LONGEST)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text takes."""
        return [len(ids) for ids in self._tokenizer(list(texts))["input_ids"]] if texts else []

    def generate(self, prompts: Sequence[str], max_tokens: Sequence[int]) -> list[str]:
        """Return the greedy summary of every prompt."""
        import torch

        texts = [""] * len(prompts)
        for batch in batches([min(size, self.longest) for size in self.count(prompts)]):
            fed = self._tokenizer(
                [prompts[at] for at in batch],
                padding=True,
                truncation=True,
                max_length=self.longest,
                return_tensors="pt",
            )
            shown = {name: fed[name].to(device()) for name in ("input_ids", "attention_mask")}
            with torch.inference_mode():
                made = self._model.generate(
                    **shown,
                    max_new_tokens=max(max_tokens[at] for at in batch),
                    do_sample=False,
                    num_beams=1,
                    min_length=0,
                    no_repeat_ngram_size=NO_REPEAT,
                )
            for at, ids in zip(batch, made, strict=True):
                texts[at] = self._tokenizer.decode(ids[: max_tokens[at] + 2], skip_special_tokens=True).strip()
        return texts


def weights_state(*folders: Path) -> str:
    """Return what tells the weights in `folders` from others."""
    return "|".join(file_state(file) for folder in folders for file in sorted(folder.glob("*.safetensors")))
