"""Two tiny token classifiers of our own: random weights, real tokenizer families.

The weights mean nothing. They are drawn with enough variance for every token to depend on its
neighbours, and the head is rescaled so that the keep probabilities spread over (0, 1). The
vocabularies are counted here, because the trainers of `tokenizers` break ties differently each run.
"""

from __future__ import annotations

from collections import Counter
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SEED: Final = 20240229
# Punctuation standing alone, so that "▁." is a piece of its own as it is in XLM-R.
LONE_MARKS: Final = " . , ? ! : ; -" * 40
SPREAD: Final = 1.6  # standard deviation of the keep logit; most probabilities fall in 0.05 to 0.95
WIDTH: Final = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_labels": 2,
    "initializer_range": 0.25,
}
BERT: Final = "tiny-bert-base-multilingual-cased"
XLMR: Final = "tiny-xlm-roberta-large"


def wordpiece(texts: Sequence[str], *, size: int = 1200) -> Any:
    """Return a cased WordPiece tokenizer of the commonest words, starts and ends in the texts."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    letters, longer = Counter[str](), Counter[str]()
    for word in _words(tokenizer, texts):
        letters.update([word[0], *("##" + letter for letter in word[1:])])
        ends = [word[:cut] for cut in range(2, 5)] + ["##" + word[-cut:] for cut in range(2, 5)]
        longer.update({word, *(end for end in ends if len(end.strip("#")) < len(word))})
    pieces = [*special, *sorted(letters)]
    ranked = sorted(longer, key=lambda piece: (-longer[piece], piece))
    pieces += [piece for piece in ranked if piece not in letters][: size - len(pieces)]
    tokenizer.model = models.WordPiece(
        {piece: i for i, piece in enumerate(pieces)},
        unk_token="[UNK]",
        max_input_chars_per_word=100,
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    return _wrapped(tokenizer, dict(zip(names, special, strict=True)))


def unigram(texts: Sequence[str], *, size: int = 1200) -> Any:
    """Return a Unigram tokenizer with Metaspace, its special ids laid out as XLM-R has them."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from tokenizers.processors import TemplateProcessing

    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram())
    spaces = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), spaces])
    metaspace = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace])
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    letters, longer = Counter[str](LONE_MARKS.split()), Counter[str]()
    for word in _words(tokenizer, [*texts, LONE_MARKS]):
        letters.update(word)
        longer.update(
            word[start:end] for start in range(len(word)) for end in range(start + 2, min(start + 10, len(word)) + 1)
        )
    ranked = sorted(longer, key=lambda piece: (-longer[piece] * len(piece), piece))
    kept = [*sorted(letters), *ranked[: size - len(letters) - len(special) - 1]]
    counts = letters | longer
    total = sum(counts[piece] for piece in kept)
    scored = [(piece, round(log(counts[piece] / total), 4)) for piece in kept]
    model = [*((name, 0.0) for name in special), *scored, ("<mask>", 0.0)]
    tokenizer.model = models.Unigram(model, unk_id=special.index("<unk>"), byte_fallback=False)
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    names = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
    return _wrapped(tokenizer, {**names, "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"})


def _words(tokenizer: Any, texts: Sequence[str]) -> Iterator[str]:
    """Yield the normalised words that the tokenizer would split into pieces."""
    for text in texts:
        normal = tokenizer.normalizer.normalize_str(text)
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal):
            yield word


def build(folder: Path, texts: Sequence[str]) -> list[Path]:
    """Write both checkpoints below the folder and return their paths."""
    from transformers import BertConfig, BertForTokenClassification
    from transformers import XLMRobertaConfig as RobertaConfig
    from transformers import XLMRobertaForTokenClassification as RobertaClassifier

    bert = wordpiece(texts)
    bert_config = BertConfig(vocab_size=len(bert), pad_token_id=0, **WIDTH)
    roberta = unigram(texts)
    ids = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    roberta_config = RobertaConfig(
        vocab_size=len(roberta), max_position_embeddings=514, type_vocab_size=1, **ids, **WIDTH
    )
    return [
        _save(folder / BERT, bert, _drawn(BertForTokenClassification, bert_config, bert, texts)),
        _save(folder / XLMR, roberta, _drawn(RobertaClassifier, roberta_config, roberta, texts)),
    ]


def _wrapped(tokenizer: Any, special: Mapping[str, str]) -> Any:
    """Return the tokenizer as transformers wants it."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=512, clean_up_tokenization_spaces=False, **special
    )


def _drawn(kind: Any, config: Any, tokenizer: Any, texts: Sequence[str]) -> Any:
    """Draw the weights, then centre and scale the head over the texts' own logits."""
    import torch

    torch.manual_seed(SEED)
    model = kind(config).eval()
    with torch.no_grad():
        generator = torch.Generator().manual_seed(SEED)
        direction = torch.randn(config.hidden_size, generator=generator)
        model.classifier.weight.copy_(torch.stack([-direction / 2, direction / 2]))
        model.classifier.bias.zero_()
        batches = [model(**tokenizer(text, truncation=True, return_tensors="pt")).logits for text in texts]
        logits = torch.cat([batch[0, :, 1] - batch[0, :, 0] for batch in batches])
        scale = SPREAD / logits.std()
        model.classifier.weight.mul_(scale)
        shift = logits.mean() * scale / 2
        model.classifier.bias.copy_(torch.stack([shift, -shift]))
    return model


def _save(folder: Path, tokenizer: Any, model: Any) -> Path:
    """Write one checkpoint in the layout of the hub."""
    # As in many published tokenizer files: whoever reads one must switch the truncation off.
    tokenizer.backend_tokenizer.enable_truncation(512)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
