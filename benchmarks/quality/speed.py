"""`python -m benchmarks.quality.speed DATA`: the bundled encoder beside a plain int8 export of its base model."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.quality import words
from ctxzip.models.relevance import Ints
from training.__main__ import base_model
from training.train import open_tokenizer

ROOT = Path(__file__).parents[2]
LENGTHS = (128, 256, 384)
ROUNDS = 15
BATCH = 8


def plain(base: Path, target: Path) -> None:
    """Export the base model as it comes: token vectors only, dynamic int8, no fused operators."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from training import config
    from training.model import from_checkpoint

    model = from_checkpoint(base, config.load().model).eval()

    class Vectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.model.states(input_ids, attention_mask)[-1]

    ids = torch.randint(0, 1000, (2, 16))
    axes = {0: "batch", 1: "length"}
    names = ["input_ids", "attention_mask"]
    full = target.with_suffix(".fp32.onnx")
    torch.onnx.export(
        Vectors(),
        (ids, torch.ones_like(ids)),
        str(full),
        input_names=names,
        output_names=["hidden"],
        dynamic_axes=dict.fromkeys([*names, "hidden"], axes),
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(full, target, per_channel=True, weight_type=QuantType.QInt8)


def runner(path: Path, threads: int) -> Callable[[Ints], object]:
    """A function that runs one batch through the file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options)
    return lambda ids: session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})


def ratio(one: Callable[[Ints], object], two: Callable[[Ints], object], ids: Ints) -> tuple[float, float]:
    """Tokens a second of both, each the best of rounds that alternate."""
    best = [float("inf"), float("inf")]
    for turn in range(ROUNDS):
        for number, run in enumerate((one, two)):
            began = time.perf_counter()
            run(ids)
            if turn:
                best[number] = min(best[number], time.perf_counter() - began)
    return ids.size / best[0], ids.size / best[1]


def main() -> None:
    """Parse the command line, measure, print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.speed", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the development data")
    parser.add_argument("--weights", type=Path, default=ROOT / "models/weights/encoder")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    base = base_model()
    text = " ".join(row["text"] for row in words.load(given.data))
    stream = np.array(open_tokenizer(base).encode(text).ids, dtype=np.int64)
    with tempfile.TemporaryDirectory() as name:
        plain(base, Path(name) / "plain.onnx")
        ours, theirs = (runner(p, given.threads) for p in (given.weights / "model.onnx", Path(name) / "plain.onnx"))
    print("| tokens per window | bundled, all heads | plain int8 encoder | ratio |\n| --- | --- | --- | --- |")
    for length in LENGTHS:
        fast, slow = ratio(ours, theirs, stream[: BATCH * length].reshape(BATCH, length))
        print(f"| {length} | {fast:,.0f} tokens/s | {slow:,.0f} tokens/s | {fast / slow:.2f} |")


if __name__ == "__main__":
    main()
