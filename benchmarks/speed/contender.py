"""One tool's side of the race; run by the Python of that tool's own environment, so it imports nothing of ours.

python contender.py build FOLDER TOKENIZER             write a token classifier with MiniLM-L6's dimensions
python contender.py cold TOOL MODEL FILE RATIO         compress FILE, print the result
python contender.py warm TOOL MODEL FILE RATIO N       print, as JSON, the seconds of N calls after a first one
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

Compress = Callable[[str, float], str]

DIMENSIONS: Final[dict[str, Any]] = {
    "hidden_size": 384,
    "intermediate_size": 1536,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "max_position_embeddings": 512,
    "num_labels": 2,
    "initializer_range": 0.1,
}
WINDOW: Final = 512
BATCH: Final = 16
QUERY: Final = "What did the board decide, and what is left to do?"


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


def reference(model: str) -> Compress:
    """Return the published LLMLingua-2."""
    compressor = importlib.import_module("llmlingua").PromptCompressor(model, device_map="cpu", use_llmlingua2=True)
    return lambda text, ratio: str(compressor.compress_prompt(text, rate=1 / ratio)["compressed_prompt"])


def ctxprune(model: str) -> Compress:
    """Return ctxprune on an ONNX model."""
    compressor = importlib.import_module("ctxprune").Compressor(model, backend="onnx", onnx_file="model.onnx")
    return lambda text, ratio: str(compressor.compress(text, rate=1 / ratio)["text"])


def contextcrumb(model: str) -> Compress:
    """Return contextcrumb on an ONNX model; long texts in batches, which it would not do by itself."""
    module = importlib.import_module("contextcrumb")
    compressor = module.ContextCompressor(model, max_length=WINDOW, window_batch_size=BATCH)
    return lambda text, ratio: str(compressor.compress(text, target_keep_ratio=1 / ratio).text)


def trimwise(_: str) -> Compress:
    """Return trimwise by characters (its token counts need a download), with words for its ranking vocabulary."""
    import re
    import zlib

    measurement = importlib.import_module("trimwise.measurement")

    class Words:
        def encode(self, text: str, **_: object) -> list[int]:
            return [zlib.crc32(word.encode()) for word in re.findall(r"\w+", text.lower())]

    measurement.tiktoken.get_encoding = lambda _: Words()
    trimmer = importlib.import_module("trimwise").Trimmer()
    return lambda text, ratio: str(
        trimmer.trim(text, limit=int(len(text) / ratio), unit="characters", query=QUERY).text
    )


def llmslim(_: str) -> Compress:
    """Return llmslim."""
    module = importlib.import_module("llmslim")
    return lambda text, ratio: str(module.compress(text, target_ratio=1 / ratio, query=QUERY).compressed_text)


def ctxzip(model: str) -> Compress:
    """Return ctxzip: `bundled`, or an exported model."""
    call = importlib.import_module("ctxzip").compress
    return lambda text, ratio: str(call(text, ratio=ratio, model=None if model == "bundled" else model).text)


TOOLS: Final[dict[str, Callable[[str], Compress]]] = {
    "reference": reference,
    "ctxprune": ctxprune,
    "contextcrumb": contextcrumb,
    "trimwise": trimwise,
    "llmslim": llmslim,
    "ctxzip": ctxzip,
}


def warm(compress: Compress, text: str, ratio: float, rounds: int) -> dict[str, Any]:
    """Return the seconds of each call, the model loaded and called once before, and what came out."""
    made = compress(text, ratio)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        compress(text, ratio)
        times.append(time.perf_counter() - start)
    return {"seconds": times, "text": made}


def main() -> None:
    """Do what the first argument says."""
    if sys.argv[1] == "build":
        build(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    task, tool, model, file, ratio = sys.argv[1:6]
    text = Path(file).read_text(encoding="utf-8")
    compress = TOOLS[tool](model)
    if task == "cold":
        sys.stdout.write(compress(text, float(ratio)))
    else:
        sys.stdout.write(json.dumps(warm(compress, text, float(ratio), int(sys.argv[6]))))


if __name__ == "__main__":
    main()
