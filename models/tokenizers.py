"""Counters of the reader's tokens: compiled-in encodings, any `tokenizer.json`, words and characters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from ctxzip.errors import InputError, UnknownName
from ctxzip.models.byte_pairs import PairCounter, TooUnusualError, Vocabulary
from ctxzip.models.store import fetch, is_hub_id
from ctxzip.protocols import Tokenizer

if TYPE_CHECKING:
    import tokenizers

ENCODINGS = ("o200k_base", "cl100k_base", "o200k_harmony")
UNLOADED = "o200k_base"
"""The encoding that is counted without loading its vocabulary, as long as the texts are short."""
UNLOADED_CHARACTERS = 1_000_000
"""Characters after which loading the vocabulary has paid off."""


class EncodingCounter:
    """A byte-pair encoding of OpenAI's; special tokens count as plain text.

    Short texts in `o200k_base` are counted from a file of ours that needs no loading; everything else by `toktok`,
    whose vocabularies are compiled in and take a quarter of a second to unfold.
    """

    def __init__(self, name: str) -> None:
        """Use the encoding `name`, one of `ENCODINGS`; its vocabulary loads beside whatever comes next."""
        self.name = name
        self._pairs = PairCounter(Vocabulary(name)) if name == UNLOADED else None
        self._room = UNLOADED_CHARACTERS
        self._loading: Thread | None = None
        if self._pairs is None:
            self._load()

    def _load(self) -> None:
        def unfold() -> None:
            import toktok

            toktok.batch_count([""], self.name)

        self._loading = Thread(target=unfold, daemon=True)
        self._loading.start()

    def count(self, text: str) -> int:
        """Return the number of tokens of `text`."""
        return self.count_many([text])[0]

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of every text."""
        if self._pairs:
            self._room -= sum(map(len, texts))
            if self._room >= 0:
                try:
                    return [self._pairs.count(text) for text in texts]
                except TooUnusualError:
                    pass
            self._pairs = None
        import toktok

        if self._loading:
            self._loading.join()
        counts: list[int] = toktok.batch_count(texts, self.name)
        return counts


class HuggingFaceCounter:
    """A `tokenizer.json` of the Hugging Face kind, special tokens left out."""

    def __init__(self, name: str, tokenizer: tokenizers.Tokenizer) -> None:
        """Count with `tokenizer`, shown in reports as `name`."""
        self.name = name
        self._tokenizer = tokenizer

    def count(self, text: str) -> int:
        """Return the number of tokens of `text`."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of every text."""
        return [len(e.ids) for e in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]


class PlainCounter:
    """A count that needs no vocabulary: white-space separated words, or characters."""

    def __init__(self, name: str, measure: Callable[[str], int]) -> None:
        """Count with `measure`."""
        self.name = name
        self._measure = measure

    def count(self, text: str) -> int:
        """Return the size of `text`."""
        return self._measure(text)

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the size of every text."""
        return [self._measure(text) for text in texts]


_PLAIN: dict[str, Callable[[str], int]] = {"words": lambda text: len(text.split()), "chars": len}


@lru_cache(maxsize=8)
def load_tokenizer(name: str) -> Tokenizer:
    """Return the counter called `name`: an encoding, `words`, `chars`, a file, a directory or a hub id.

    Raises `UnknownName` for anything else, `InputError` for a broken file, `ModelUnavailable` for a hub
    tokenizer that is not cached and may not be downloaded.
    """
    if name in ENCODINGS:
        return EncodingCounter(name)
    if name in _PLAIN:
        return PlainCounter(name, _PLAIN[name])
    path = Path(name)
    if path.exists():
        return HuggingFaceCounter(name, read_tokenizer(path))
    if is_hub_id(name):
        return HuggingFaceCounter(name, read_tokenizer(fetch(name, ["tokenizer.json"])))
    raise UnknownName("tokenizer", name, [*ENCODINGS, *_PLAIN, "a tokenizer.json", "a hub id"])


def read_tokenizer(path: Path) -> tokenizers.Tokenizer:
    """Read `path`, a `tokenizer.json` or the directory that holds one, without truncation or padding."""
    from tokenizers import Tokenizer as Loaded

    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"no tokenizer.json in {path}", hint="save the model's fast tokenizer there")
    try:
        tokenizer = Loaded.from_file(str(file))
    except Exception as error:
        raise InputError(
            f"{file} is not a tokenizer: {error}", hint="expected a Hugging Face tokenizer.json"
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
