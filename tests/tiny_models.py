"""Tiny checkpoints with random weights, made on the spot: the code that loads and runs them is the real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TEXT = (
    "The harbour was built in 1873. Its first lamp burned oil until the winter of 1901. A keeper lived there with his "
    "family. Query: Full context: Sentence: Is this sentence useful in answering the query? Answer only Yes or No. "
)


def tokenizer(directory: Path, *, causal: bool) -> Any:
    """Save and return a byte-level BPE tokenizer: with a start token, or with the pair frame of BERT."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<s>", "</s>", "<start_of_turn>", "<end_of_turn>"]
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        [TEXT],
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A" if causal else "<s> $A </s>",
        pair=None if causal else "<s> $A </s> $B:1 </s>:1",
        special_tokens=[("<s>", 1), ("</s>", 2)],
    )
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", bos_token="<s>", eos_token="</s>", model_max_length=512
    )
    wrapped.save_pretrained(directory)
    return wrapped


def causal(directory: Path) -> Path:
    """Save a Gemma 3 of two layers, one of which sees only the last 24 tokens."""
    import torch
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    torch.manual_seed(5)
    words = tokenizer(directory, causal=True)
    config = Gemma3TextConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        sliding_window=24,
        layer_types=["sliding_attention", "full_attention"],
        initializer_range=0.5,
        max_position_embeddings=4096,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    Gemma3ForCausalLM(config).save_pretrained(directory)
    return directory


def _bert() -> dict[str, Any]:
    return {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "initializer_range": 0.3,
        "max_position_embeddings": 512,
        "pad_token_id": 0,
    }


def reranker(directory: Path, labels: int = 1) -> Path:
    """Save a BERT for sequence classification."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(6)
    words = tokenizer(directory, causal=False)
    config = BertConfig(vocab_size=len(words), num_labels=labels, **_bert())
    BertForSequenceClassification(config).save_pretrained(directory)
    return directory


def encoder(directory: Path) -> Path:
    """Save a BERT without a head."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(7)
    words = tokenizer(directory, causal=False)
    BertModel(BertConfig(vocab_size=len(words), **_bert())).save_pretrained(directory)
    return directory


def pruner(directory: Path) -> Path:
    """Save a reranker and the linear head of a pruner in one file, the way OpenProvence does."""
    import torch
    from safetensors.torch import save_file
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(8)
    words = tokenizer(directory, causal=False)
    config = BertConfig(vocab_size=len(words), num_labels=1, **_bert())
    model = BertForSequenceClassification(config)
    weights = {f"ranking_model.{name}": value.contiguous() for name, value in model.state_dict().items()}
    weights["pruning_head.classifier.weight"] = torch.randn(2, 32)
    weights["pruning_head.classifier.bias"] = torch.zeros(2)
    save_file(weights, str(directory / "model.safetensors"))
    wrapper = {
        "architectures": ["OpenProvenceForSequenceClassification"],
        "model_type": "open_provence",
        "pruning_config": {"hidden_size": 32, "num_labels": 2},
        "base_model_config": config.to_dict(),
    }
    (directory / "config.json").write_text(json.dumps(wrapper))
    return directory


FAMILIES = ("bert", "roberta", "xlm-roberta", "distilbert", "deberta-v2", "modernbert")
HEADS = {
    "token-classifier": "AutoModelForTokenClassification",
    "cross-encoder": "AutoModelForSequenceClassification",
    "dual-encoder": "AutoModel",
}


def of_family(directory: Path, family: str, kind: str) -> Path:
    """Save an encoder of one of `FAMILIES` with the head of one of the kinds in `HEADS`."""
    import torch
    import transformers

    torch.manual_seed(9)
    directory.mkdir(parents=True, exist_ok=True)
    words = tokenizer(directory, causal=False)
    sizes: dict[str, Any] = {**_bert(), "vocab_size": len(words), "bos_token_id": 1, "eos_token_id": 2}
    if family.endswith("roberta"):
        sizes |= {"max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1}
    if family == "distilbert":
        sizes |= {"dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 2}
    if family == "deberta-v2":
        sizes |= {"relative_attention": True, "position_buckets": 64, "share_att_key": True, "type_vocab_size": 0}
        sizes |= {"pos_att_type": ["p2c", "c2p"], "norm_rel_ebd": "layer_norm", "position_biased_input": False}
    if family == "modernbert":
        sizes |= {"num_hidden_layers": 4, "local_attention": 32, "cls_token_id": 1, "sep_token_id": 2}
        sizes |= {"max_position_embeddings": 8192}
    if kind != "dual-encoder":
        sizes["num_labels"] = 2 if kind == "token-classifier" else 1
    if (family, kind) == ("bert", "cross-encoder"):
        file = directory / "tokenizer_config.json"
        names = ["input_ids", "token_type_ids", "attention_mask"]
        file.write_text(json.dumps(json.loads(file.read_text()) | {"model_input_names": names}))
    config = transformers.AutoConfig.for_model(family, **sizes)
    model = getattr(transformers, HEADS[kind]).from_config(config)
    model.save_pretrained(directory)
    return directory
