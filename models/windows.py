"""Long texts through encoders with a limited number of positions: windows of token ids, scores put back together."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.models.runtimes import DEFAULT, RUNTIMES, Batch

if TYPE_CHECKING:
    import tokenizers
    from numpy.typing import NDArray

Forward = Callable[["NDArray[np.int64]", "NDArray[np.int64]"], "NDArray[np.float32]"]
"""(ids, mask), each [batch, length], to one value or vector per token: [batch, length, …]."""


BLOCK_CHARACTERS = 262_144
"""Characters of a long text whose words are known again, and then to the next white space."""
PART_CHARACTERS = 4_096
"""Characters that are tokenized together, and then to the next white space."""
LONGEST_WORD = 16_384
"""Characters without white space after which a part ends all the same: no encoder knows such a word."""
BLANKS = " \t\r\n"
"""White space between words, for every tokenizer."""
_SPACE = re.compile(f"[{BLANKS}]")
_WORD = re.compile(f"[^{BLANKS}]+")
WORD = 6
"""Tokens by which a window may end early because a word would be cut."""
PARTS_AT_A_TIME = 32
"""Parts whose tokens are held at once in the tokenizer's own, much larger form."""


@dataclass(frozen=True)
class Encoded:
    """The tokens of one text: ids, and where each is in the text (`starts`, `ends` in characters)."""

    text: str
    ids: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


@dataclass(frozen=True)
class Frame:
    """What a model wants around a window's tokens, and the id that fills up a batch."""

    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    pad: int

    @classmethod
    def of(cls, tokenizer: tokenizers.Tokenizer, pad: int) -> Frame:
        """Read the special tokens from what the tokenizer itself puts around a text."""
        bare = tokenizer.encode("a", add_special_tokens=False).ids
        whole = tokenizer.encode("a").ids
        at = next(i for i in range(len(whole)) if whole[i : i + len(bare)] == bare)
        return cls(tuple(whole[:at]), tuple(whole[at + len(bare) :]), pad)

    @property
    def size(self) -> int:
        """Return the number of special tokens around a window."""
        return len(self.prefix) + len(self.suffix)


def encode(tokenizer: tokenizers.Tokenizer, texts: Sequence[str]) -> list[Encoded]:
    """Tokenize `texts` once, without special tokens, keeping character offsets.

    Where the tokenizer looks at words one by one, a word that comes again is not looked at again.
    """
    if type(tokenizer.pre_tokenizer).__name__ == "BertPreTokenizer":
        return [_encoded(tokenizer, text) for text in texts]
    encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [Encoded(text, *_arrays(encoding, 0)) for text, encoding in zip(texts, encodings, strict=True)]


def _encoded(tokenizer: tokenizers.Tokenizer, text: str) -> Encoded:
    blocks = [_block(tokenizer, text[start:end], start) for start, end in _parts(text, BLOCK_CHARACTERS)]
    return Encoded(text, *np.concatenate([np.zeros((3, 0), np.int32), *blocks], axis=1))


def _block(tokenizer: tokenizers.Tokenizer, text: str, base: int) -> NDArray[np.int32]:
    """Return ids, starts and ends, [3, tokens], of a text that starts at `base`: its different words are tokenized."""
    number: dict[str, int] = {}
    words = np.fromiter((number.setdefault(word, len(number)) for word in _WORD.findall(text)), np.int32)
    different = " ".join(number)
    lengths = np.fromiter(map(len, number), np.int32, len(number))
    begins = np.cumsum(lengths + 1, dtype=np.int32) - lengths - 1
    tokens = _tokens(tokenizer, different)
    owners = np.searchsorted(begins, tokens[1], side="right") - 1
    counts = np.bincount(owners, minlength=len(number))
    firsts = np.cumsum(counts) - counts
    sizes = counts[words]
    ends = np.cumsum(sizes)
    places = np.repeat(firsts[words] - (ends - sizes), sizes) + np.arange(sizes.sum())
    moved = np.repeat(_word_starts(text) + np.int32(base) - begins[words], sizes)
    result: NDArray[np.int32] = tokens[:, places]
    result[1:] += moved
    return result


def _word_starts(text: str) -> NDArray[np.int32]:
    """Return where the words of `text` begin, as `_WORD` finds them."""
    characters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    blank = np.isin(characters, [ord(blank) for blank in BLANKS])
    return np.flatnonzero(~blank & np.concatenate([[True], blank[:-1]])).astype(np.int32)


def _tokens(tokenizer: tokenizers.Tokenizer, text: str) -> NDArray[np.int32]:
    """Return ids, starts and ends, [3, tokens], of a text that is tokenized in parts, several at a time."""
    parts = list(_parts(text, PART_CHARACTERS))
    found = [np.zeros((3, 0), np.int32)]
    for at in range(0, len(parts), PARTS_AT_A_TIME):
        group = parts[at : at + PARTS_AT_A_TIME]
        encodings = tokenizer.encode_batch([text[start:end] for start, end in group], add_special_tokens=False)
        found += [_arrays(encoding, start) for (start, _), encoding in zip(group, encodings, strict=True)]
    return np.concatenate(found, axis=1)


def _parts(text: str, size: int) -> Iterator[tuple[int, int]]:
    """Yield the starts and ends of stretches of `text` of about `size` characters that end where a word does."""
    start = 0
    while start < len(text):
        latest = min(len(text), start + size + LONGEST_WORD)
        space = _SPACE.search(text, start + size, latest)
        end = space.start() if space else latest
        yield start, end
        start = end


def _arrays(encoding: tokenizers.Encoding, base: int) -> NDArray[np.int32]:
    """Return ids, starts and ends of an encoding, [3, tokens], for a text that starts at `base`."""
    places = np.fromiter(chain.from_iterable(encoding.offsets), np.int32).reshape(-1, 2) + np.int32(base)
    return np.stack([np.array(encoding.ids, dtype=np.int32), places[:, 0], places[:, 1]])


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens `start` to `end` of a text, of which the window's scores count for `own_start` to `own_end`."""

    text: int
    start: int
    end: int
    own_start: int
    own_end: int


Alike = list[Window]
"""Windows of the same tokens, which a model says the same of."""


def windows(index: int, encoded: Encoded, size: int, overlap: int) -> Iterator[Window]:
    """Cut a text into windows of at most `size` tokens that overlap by about `overlap`, never inside a word.

    Neighbours share the overlap half and half, so that every token is scored with context on both sides. Windows are
    about as long as each other: a short last one would see little, and leave a core idle while the others finish.
    """
    total = len(encoded.ids)
    size = _even(total, size, overlap)
    start = own_start = 0
    while start < total:
        end = total if start + size >= total else _word_start(encoded, start + size, start + overlap)
        if end == total:
            yield Window(index, start, end, own_start, end)
            return
        following = _word_start(encoded, end - overlap, start)
        if following <= start:
            following = own_end = end
        else:
            own_end = max(_word_start(encoded, end - overlap // 2, following), own_start)
        yield Window(index, start, end, own_start, own_end)
        start, own_start = following, own_end


def _even(total: int, size: int, overlap: int) -> int:
    """Return the tokens of a window when few windows, of at most `size`, share `total` tokens.

    More than two are an even number: most machines have as many cores, which would wait for the last one.
    """
    if total <= size:
        return size
    count = -(-(total - overlap) // (size - overlap))
    count += count % 2
    return min(size, -(-(total - overlap) // count) + overlap + WORD)


def _word_start(encoded: Encoded, at: int, least: int) -> int:
    """Return the last token in (least, at] that begins after white space, or `at` if there is none."""
    for token in range(at, least, -1):
        start = int(encoded.starts[token])
        if encoded.text[start].isspace() or (start and encoded.text[start - 1].isspace()):
            return token
    return at


SMALL = RUNTIMES[DEFAULT]


@dataclass(frozen=True, slots=True)
class Size:
    """How many tokens a window has at most, special ones included: `whole` for a text that fits, else `part`."""

    whole: int
    part: int

    def of(self, tokens: int) -> int:
        """Return the size of the windows of a text of so many tokens."""
        return self.whole if tokens <= self.whole else self.part


def _by_length(same: Alike) -> tuple[int, int, int]:
    return same[0].end - same[0].start, same[0].text, same[0].start


FULL = 0.85
"""Share of windows of full length that those of a text have to fill for batches of a fixed shape to pay."""


class WindowedModel:
    """A token-level model run over texts of any length."""

    def __init__(
        self, forward: Forward, frame: Frame, *, size: Size, overlap: int, workers: int = 1, batch: Batch = SMALL
    ) -> None:
        """Run `forward` on windows of the given `size`, `workers` batches at a time of about the tokens of `batch`."""
        self.forward = forward
        self.frame = frame
        self.size = size
        self.overlap = overlap
        self.workers = workers
        self.batch = batch

    @property
    def fixed(self) -> tuple[int, int] | None:
        """Return the shape of all batches of a long text, None where it is no quicker to have one."""
        return (max(1, self.batch.fixed // self.size.part), self.size.part) if self.batch.fixed else None

    def run(
        self, texts: Sequence[Encoded], progress: Callable[[int, int], None] | None = None
    ) -> list[NDArray[np.float32]]:
        """Return for every text the model's output at each of its tokens, special tokens left out.

        Windows of the same tokens get the same output and go through the model once.
        """
        jobs: dict[tuple[bool, bytes], Alike] = {}
        for index, text in enumerate(texts):
            size = self.size.of(len(text.ids) + self.frame.size) - self.frame.size
            own = list(windows(index, text, size, self.overlap))
            full = self._fill(own)
            for window in own:
                jobs.setdefault((full, text.ids[window.start : window.end].tobytes()), []).append(window)
        outputs: list[NDArray[np.float32] | None] = [None] * len(texts)
        done = 0
        for batch, values in self._forwarded(self._batches(jobs), texts):
            for row, same in enumerate(batch):
                for window in same:
                    self._put(outputs, texts, window, values[row])
            done += len(batch)
            if progress:
                progress(done, len(jobs))
        return [np.zeros(0, np.float32) if output is None else output for output in outputs]

    def _fill(self, own: Sequence[Window]) -> bool:
        """Tell whether the windows of a text fill batches of the fixed shape."""
        if not self.fixed or len(own) < 2:
            return False
        return sum(window.end - window.start for window in own) >= FULL * len(own) * (self.size.part - self.frame.size)

    def _forwarded(
        self, batches: Iterable[tuple[list[Alike], tuple[int, int]]], texts: Sequence[Encoded]
    ) -> Iterator[tuple[list[Alike], NDArray[np.float32]]]:
        """Yield every batch with its values; only a few batches wait at a time, whatever the length of the text."""
        with ThreadPoolExecutor(self.workers) as pool:
            waiting: deque[tuple[list[Alike], Future[NDArray[np.float32]]]] = deque()
            for batch, shape in batches:
                firsts = [same[0] for same in batch]
                waiting.append((batch, pool.submit(self.forward, *self._tensors(firsts, texts, shape))))
                if len(waiting) > 2 * self.workers:
                    done, values = waiting.popleft()
                    yield done, values.result()
            for done, values in waiting:
                yield done, values.result()

    def _batches(self, jobs: dict[tuple[bool, bytes], Alike]) -> Iterator[tuple[list[Alike], tuple[int, int]]]:
        """Yield the windows in batches, each with its shape: rows and tokens; those that fill the fixed one first."""
        full = sorted((same for (fill, _), same in jobs.items() if fill), key=_by_length)
        if full and self.fixed:
            rows = self.fixed[0]
            for at in range(0, len(full), rows):
                yield full[at : at + rows], self.fixed
        for batch in self._even(sorted((same for (fill, _), same in jobs.items() if not fill), key=_by_length)):
            longest = max(same[0].end - same[0].start for same in batch) + self.frame.size
            yield batch, (len(batch), max(longest, min(longest + -longest % self.batch.step, self.size.whole)))

    def _even(self, jobs: Sequence[Alike]) -> Iterator[list[Alike]]:
        """Yield the windows in batches, about as many for every worker."""
        sizes = [job[0].end - job[0].start + self.frame.size for job in jobs]
        rounds = max(1, round(sum(sizes) / (self.batch.tokens * self.workers)))
        most = max(self.batch.tokens // 2, -(-sum(sizes) // (rounds * self.workers)))
        batch: list[Alike] = []
        for job, size in zip(jobs, sizes, strict=True):
            if batch and size * (len(batch) + 0.5) > most:
                yield batch
                batch = []
            batch.append(job)
        if batch:
            yield batch

    def _tensors(
        self, batch: Sequence[Window], texts: Sequence[Encoded], shape: tuple[int, int]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        first = len(self.frame.prefix)
        ids = np.full(shape, self.frame.pad, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, w in enumerate(batch):
            end = first + w.end - w.start
            ids[row, :first] = self.frame.prefix
            ids[row, first:end] = texts[w.text].ids[w.start : w.end]
            ids[row, end : end + len(self.frame.suffix)] = self.frame.suffix
            mask[row, : end + len(self.frame.suffix)] = 1
        return ids, mask

    def _put(
        self,
        outputs: list[NDArray[np.float32] | None],
        texts: Sequence[Encoded],
        window: Window,
        values: NDArray[np.float32],
    ) -> None:
        """Copy the values of the tokens that `window` owns to their place."""
        target = outputs[window.text]
        if target is None:
            target = np.zeros((len(texts[window.text].ids), *values.shape[1:]), np.float32)
            outputs[window.text] = target
        first = len(self.frame.prefix) + window.own_start - window.start
        target[window.own_start : window.own_end] = values[first : first + window.own_end - window.own_start]
