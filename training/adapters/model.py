"""The small Gemma with low-rank matrices on every linear layer, and the loss over the tokens of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ctxzip.models.torch_loading import model_of, tokenizer_of
from training.adapters.config import Adapter
from training.adapters.rows import Row


def adapted(base: Path, shape: Adapter, start: Path | None = None) -> Any:
    """The base model in bfloat16 with matrices in the same precision: fresh ones, or those in the folder `start`."""
    from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
    from safetensors.torch import load_file

    model = model_of(base, "AutoModelForCausalLM", "causal language model", dtype=torch.bfloat16).requires_grad_(False)
    config = LoraConfig(
        r=shape.rank,
        lora_alpha=shape.alpha,
        lora_dropout=shape.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    with catch_warnings():
        simplefilter("ignore", FutureWarning)  # PEFT asks transformers for a name that it is about to give up
        model = get_peft_model(model, config, autocast_adapter_dtype=False)
    if start:
        set_peft_model_state_dict(model, load_file(str(start / "adapter_model.safetensors")))
    return model


@dataclass(frozen=True, slots=True)
class Encoded:
    """A row as token ids; `start` is where the answer begins."""

    ids: list[int]
    start: int


def encode(directory: Path, rows: Sequence[Row], longest: int) -> list[Encoded]:
    """Token ids of the rows that are not longer than `longest`, the closing token after the answer."""
    tokenizer = tokenizer_of(directory)
    prompts = tokenizer([row.prompt for row in rows])["input_ids"]
    answers = tokenizer([row.answer for row in rows], add_special_tokens=False)["input_ids"]
    pairs = zip(prompts, answers, strict=True)
    made = [Encoded([*prompt, *answer, tokenizer.eos_token_id], len(prompt)) for prompt, answer in pairs]
    return [row for row in made if len(row.ids) <= longest]


class AnswerLoss:
    """The cross entropy of the answers, over the tokens that occur in the data.

    The head over all 262,144 tokens would cost more than the model before it; those left out occur in no answer.
    """

    def __init__(self, model: Any, rows: Sequence[Encoded]) -> None:
        """Take the rows of the head that `rows` need."""
        used = sorted({token for row in rows for token in row.ids})
        self._inner = model.base_model.model.model
        head = model.get_output_embeddings().weight
        self._head = head.detach()[used].clone()
        self._place = torch.zeros(len(head), dtype=torch.long)
        self._place[used] = torch.arange(len(used))

    def __call__(self, batch: Sequence[Encoded]) -> Tensor:
        """The mean over all tokens of the answers of `batch`."""
        width = max(len(row.ids) for row in batch)
        ids = torch.zeros(len(batch), width, dtype=torch.long)
        mask = torch.zeros_like(ids)
        asked = torch.zeros_like(ids, dtype=torch.bool)
        for at, row in enumerate(batch):
            ids[at, : len(row.ids)] = torch.tensor(row.ids)
            mask[at, : len(row.ids)] = 1
            asked[at, row.start - 1 : len(row.ids) - 1] = True
        hidden = self._inner(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
        following = torch.roll(ids, -1, dims=1)[asked]
        return cross_entropy((hidden[asked] @ self._head.T).float(), self._place[following])
