"""The reference implementation's side of the race; run by the Python of its own virtual environment.

python reference_side.py build FOLDER TOKENIZER     write a token classifier with MiniLM-L6's dimensions
python reference_side.py cold FOLDER FILE RATIO     compress FILE, print the result
python reference_side.py warm FOLDER FILE RATIO N   print the seconds of N calls after a first one, as JSON
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

DIMENSIONS: Final[dict[str, Any]] = {
    "hidden_size": 384,
    "intermediate_size": 1536,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "max_position_embeddings": 512,
    "num_labels": 2,
}


def build(folder: Path, tokenizer_file: Path) -> None:
    """Write the checkpoint: random weights (they do not change the time), the given tokenizer."""
    import torch
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    torch.manual_seed(0)
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(tokenizer_file), mask_token="[MASK]", **names)
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.backend_tokenizer.no_truncation()
    config = BertConfig(vocab_size=len(tokenizer), pad_token_id=0, **DIMENSIONS)
    BertForTokenClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load(folder: Path) -> Any:
    """Return the reference's compressor with this checkpoint on the CPU."""
    reference = importlib.import_module("llmlingua")
    return reference.PromptCompressor(str(folder), device_map="cpu", use_llmlingua2=True)


def compress(compressor: Any, text: str, ratio: float) -> str:
    """Return the text at about one `ratio`-th of its tokens."""
    return str(compressor.compress_prompt(text, rate=1 / ratio)["compressed_prompt"])


def warm(compressor: Any, text: str, ratio: float, rounds: int) -> list[float]:
    """Return the seconds of each call, the model loaded and called once before."""
    compress(compressor, text, ratio)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        compress(compressor, text, ratio)
        times.append(time.perf_counter() - start)
    return times


def main() -> None:
    """Do what the first argument says."""
    task, folder, file = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if task == "build":
        build(folder, file)
        return
    text, ratio = file.read_text(encoding="utf-8"), float(sys.argv[4])
    compressor = load(folder)
    if task == "cold":
        sys.stdout.write(compress(compressor, text, ratio))
    else:
        sys.stdout.write(json.dumps(warm(compressor, text, ratio, int(sys.argv[5]))))


if __name__ == "__main__":
    main()
