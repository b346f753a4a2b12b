"""A real but tiny causal language model with its tokenizer, made in a moment; with or without a start token."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ctxzip.models.causal_code import CausalScorer
from ctxzip.models.causal_losses import CausalReader

TEXT = (
    "def total(values):\n    result = 0\n    for value in values:\n        result += value\n    return result\n\n\n"
    "class Shelf:\n    def add(self, book):\n        self.books.append(book)\n\n    def find(self, title):\n"
    "        return [book for book in self.books if book.title == title]\n"
    "where is the sum of all values computed? how are books found by title?\n"
)


@lru_cache(maxsize=2)
def tiny(start: bool = False) -> tuple[Any, Any]:
    """Return a random two-layer model and a BPE tokenizer; with `start` every text begins with a start token."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<s>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    made.train_from_iterator([TEXT] * 3, trainer)
    if start:
        made.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 0)])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>")
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=400, hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=4096, bos_token_id=0, eos_token_id=1, pad_token_id=1,
        initializer_range=0.2,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval(), tokenizer


def sliding_reader() -> CausalReader:
    """Return a reader with a tiny Gemma, whose first layer sees no further than eight tokens back."""
    import torch
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    torch.manual_seed(5)
    config = Gemma3TextConfig(
        vocab_size=400, hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=1, head_dim=16, sliding_window=8, layer_types=["sliding_attention", "full_attention"],
        max_position_embeddings=4096, bos_token_id=0, eos_token_id=1, pad_token_id=1, initializer_range=0.2,
    )  # fmt: skip
    return CausalReader(Gemma3ForCausalLM(config).eval(), tiny(start=True)[1])


def reader(*, start: bool = False) -> CausalReader:
    """Return a reader with the tiny model."""
    return CausalReader(*tiny(start))


def scorer(*, start: bool = False, compat: bool = False) -> CausalScorer:
    """Return a scorer over the tiny model alone."""
    return CausalScorer(reader(start=start), "tiny", compat=compat)
