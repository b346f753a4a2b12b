"""Make the parity files: two tiny checkpoints and what the reference implementation does with them.

Run by the Python of a virtual environment that holds the reference (see README.md here):

    REFERENCE/bin/python tests/golden/make.py
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import sys
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import checkpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

HERE: Final = Path(__file__).resolve().parent
PACKAGES: Final = ("llmlingua", "torch", "transformers", "tokenizers", "numpy", "tiktoken")
PRIVATE: Final = "_PromptCompressor__"
WORD_SEPARATOR: Final = "\t\t|\t\t"
FAMILIES: Final = {checkpoints.BERT: "bert", checkpoints.XLMR: "xlmr"}
FIGURES: Final = ("origin_tokens", "compressed_tokens", "compressed_prompt_list")
DIGITS: Final = 6


@dataclass(slots=True)
class Chunk:
    """One model window: its text and, word by word, what the reference computed."""

    context: int
    text: str
    words: list[str] = field(default_factory=list)
    probs: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)


class Recorder:
    """Listens to a reference compressor: one list of chunks for each pass over the contexts."""

    def __init__(self, compressor: Any) -> None:
        """Put listeners in front of the three methods that see chunks and words."""
        self.passes: list[list[Chunk]] = []
        self.mode = "mean"
        self._done = 0
        self._merge = getattr(compressor, f"{PRIVATE}merge_token_to_word")
        self._average = getattr(compressor, f"{PRIVATE}token_prob_to_word_prob")
        setattr(compressor, f"{PRIVATE}merge_token_to_word", self._hear_words)
        for name in ("get_context_prob", "compress"):
            original = getattr(compressor, PRIVATE + name)
            setattr(compressor, PRIVATE + name, self._hearing_pass(original))

    def start(self, mode: str) -> None:
        """Forget the last call; the next one averages sub-tokens in this mode."""
        self.passes, self.mode = [], mode

    def _hearing_pass(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def heard(context_list: list[list[str]], *args: Any, **kwargs: Any) -> Any:
            chunks = [Chunk(i, text) for i, texts in enumerate(context_list) for text in texts]
            self.passes.append(chunks)
            self._done = 0
            return original(context_list, *args, **kwargs)

        return heard

    def _hear_words(  # the reference's own signature
        self,
        tokens: Sequence[str],
        token_probs: Sequence[float],
        force_tokens: Sequence[str],
        token_map: Mapping[str, str],
        force_reserve_digit: bool,
    ) -> Any:
        given: dict[str, Any] = {"tokens": tokens, "token_probs": token_probs}
        given |= {"force_tokens": force_tokens, "token_map": token_map}
        answer = self._merge(**given, force_reserve_digit=force_reserve_digit)
        words, plain, unforced = self._merge(**given, force_reserve_digit=False)
        # A forced word differs from the model's opinion in its first sub-token only.
        honest = [[u[0], *p[1:]] for p, u in zip(plain, unforced, strict=True)]
        chunk = self.passes[-1][self._done]
        self._done += 1
        chunk.words = list(words)
        chunk.probs = self._rounded(honest)
        chunk.scores = self._rounded(answer[1])
        return answer

    def _rounded(self, probs: list[list[float]]) -> list[float]:
        merged = self._average(probs, convert_mode=self.mode)
        return [round(float(prob), DIGITS) for prob in merged]


def read_texts() -> dict[str, str]:
    """Return our texts by name."""
    paths = sorted((HERE / "texts").glob("*.txt"))
    return {path.stem: path.read_text(encoding="utf-8").rstrip("\n") for path in paths}


def context_of(names: Sequence[str], texts: Mapping[str, str]) -> str | list[str]:
    """Return one text, or a list when a case names several; "a+b" is one text out of two."""
    contexts = ["\n\n".join(texts[part] for part in name.split("+")) for name in names]
    return contexts if len(contexts) > 1 else contexts[0]


def labels_of(result: Mapping[str, Any]) -> list[int]:
    """Return the kept flags of all words, read from the reference's labelled prompt."""
    labelled = result["fn_labeled_original_prompt"].split(WORD_SEPARATOR)
    return [int(entry.rsplit(" ", 1)[1]) for entry in labelled]


def rows(folder: Path, texts: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Run every case through the reference on one checkpoint."""
    reference = importlib.import_module("llmlingua")
    compressor = reference.PromptCompressor(str(folder), device_map="cpu", use_llmlingua2=True)
    recorder = Recorder(compressor)
    for case in json.loads((HERE / "cases.json").read_text(encoding="utf-8")):
        context, kwargs = context_of(case["context"], texts), case["kwargs"]
        mapped = [force for force in kwargs.get("force_tokens", []) if len(compressor.tokenizer.tokenize(force)) != 1]
        if mapped:
            message = f"{folder.name} splits {mapped}: the row would depend on untrained weights"
            raise ValueError(message)
        recorder.start(kwargs.get("token_to_word", "mean"))
        result = compressor.compress_prompt(context, return_word_label=True, **kwargs)
        yield {
            "family": FAMILIES[folder.name],
            "model": folder.name,
            "names": case["context"],
            "context": context,
            "kwargs": kwargs,
            "result": {name: result[name] for name in FIGURES},
            "chunks": list(_labelled(recorder.passes[0], labels_of(result))),
        }


def _labelled(chunks: Sequence[Chunk], labels: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Deal the kept flags out to the chunks they belong to."""
    if sum(len(chunk.words) for chunk in chunks) != len(labels):
        message = "the recorded words are not the labelled words"
        raise ValueError(message)
    start = 0
    for chunk in chunks:
        end = start + len(chunk.words)
        yield {
            "context": chunk.context,
            "text": chunk.text,
            "words": chunk.words,
            "probs": chunk.probs,
            "scores": chunk.scores,
            "kept": labels[start:end],
        }
        start = end


def write(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write JSON lines, compressed without a time stamp so that a rerun gives the same bytes."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text.encode())


def main() -> None:
    """Make everything, into this folder unless told otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=HERE, help="folder for what is made")
    out: Path = parser.parse_args().out
    texts = read_texts()
    seen = [text for name, text in texts.items() if not name.startswith("rare-")]
    folders = checkpoints.build(out, seen)
    meta = {"meta": {name: version(name) for name in PACKAGES}}
    lines = [meta, *(row for folder in folders for row in rows(folder, texts))]
    write(out / "llmlingua2.jsonl.gz", lines)
    sys.stderr.write(f"{len(lines) - 1} rows written to {out / 'llmlingua2.jsonl.gz'}\n")


if __name__ == "__main__":
    main()
