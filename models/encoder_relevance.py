"""The bundled encoder over passages: every passage is read once, whatever is asked of it later."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ctxzip.models import relevance
from ctxzip.models.bundled import Encoder, encoder
from ctxzip.models.cache import fingerprint
from ctxzip.models.onnx_backend import cores
from ctxzip.models.store import BUNDLED
from ctxzip.models.windows import Encoded, encode
from ctxzip.passages import Passage
from ctxzip.progress import report
from ctxzip.text import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONTEXT = 48
"""Tokens on either side that a part of a long passage is read with."""
PART = 272
"""Tokens from which a passage is read in parts; a part ends at the end of a sentence."""
LONGEST_TITLE = 32
"""Tokens of a title that are read before its passage."""
REMEMBERED = 64 * 1024
"""Sentences whose vectors are kept in memory for the next query, about 3 kB each."""
THRESHOLD = 0.05
"""Probability that keeps a sentence: fitted on development questions with and without an answer."""


class PassageEncoder:
    """Reads passages and queries with the bundled encoder, and remembers the passages it read last.

    A passage is read by itself, never in a batch: its vectors depend on nothing but its own content (the scales
    of int8 products are those of a whole batch), and without padding this is as fast.
    """

    def __init__(self, encoder: Encoder) -> None:
        """Read with `encoder`."""
        self.tokenizer = encoder.tokenizer
        self._encoder = encoder.graph
        self._frame = encoder.frame
        self._size = encoder.max_length - encoder.frame.size
        self._seen: OrderedDict[str, list[relevance.Passage]] = OrderedDict()
        self._held = 0

    def forget(self) -> None:
        """Drop the vectors of all passages read so far."""
        self._seen.clear()
        self._held = 0

    def passages(self, passages: Sequence[Passage]) -> list[list[relevance.Passage]]:
        """Return the vectors of every passage, in one part or, for a long one, in several."""
        keys = [_key(passage) for passage in passages]
        found = {key: self._seen[key] for key in keys if key in self._seen}
        missing = {key: passage for key, passage in zip(keys, passages, strict=True) if key not in found}
        jobs = [(key, job) for key, passage in missing.items() for job in self._jobs(passage)]
        found |= {key: [] for key in missing}
        with ThreadPoolExecutor(cores()) as pool:
            parts = pool.map(self._read, [job for _, job in jobs])
            for done, ((key, _), part) in enumerate(zip(jobs, parts, strict=True)):
                found[key].append(part)
                report(done + 1, len(jobs))
        self._remember(found)
        return [found[key] for key in keys]

    def query(self, text: str) -> relevance.Query:
        """Return the vectors of a query; what does not fit in one window of it is left out."""
        ids = encode(self.tokenizer, [text])[0].ids[: self._size]
        values, hidden = self._forward(ids)
        return relevance.Query.of(text, values, hidden)

    def _remember(self, found: dict[str, list[relevance.Passage]]) -> None:
        """Keep what was found for the next query; what was asked for longest ago goes first."""
        for key, parts in found.items():
            if key not in self._seen:
                self._held += sum(len(part.spans) for part in parts)
            self._seen[key] = parts
            self._seen.move_to_end(key)
        while self._held > REMEMBERED and len(self._seen) > 1:
            _, old = self._seen.popitem(last=False)
            self._held -= sum(len(part.spans) for part in old)

    def _jobs(self, passage: Passage) -> Iterator[_Job]:
        """Yield what the parts of a passage are read from; each sentence belongs to one."""
        title, body = encode(self.tokenizer, [passage.title, passage.text])
        head = title.ids[:LONGEST_TITLE]
        for sentences in _parts(body, passage.sentences):
            start, stop = np.searchsorted(body.starts, [sentences[0].start, sentences[-1].end])
            room = self._size - len(head)
            stop = min(stop, start + room)
            side = min(CONTEXT, (room - (stop - start)) // 2)
            inside = slice(max(0, start - side), min(len(body.ids), stop + side))
            places = np.stack([body.starts[inside], body.ends[inside]], axis=1)
            yield _Job(passage, sentences, head, body.ids[inside], places)

    def _read(self, job: _Job) -> relevance.Passage:
        """Return the vectors of a part."""
        values, hidden = self._forward(np.concatenate([job.head, job.ids]))
        offsets = np.full((len(values), 2), -1, dtype=np.int64)
        offsets[len(self._frame.prefix) + len(job.head) : len(values) - len(self._frame.suffix)] = job.places
        return _pooled(job.passage, job.sentences, relevance.Tokens(offsets, values, hidden))

    def _forward(self, ids: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the relevance and embedding outputs of one window, special tokens included."""
        whole = np.array([[*self._frame.prefix, *ids, *self._frame.suffix]], dtype=np.int64)
        values, hidden = self._encoder.run(["relevance", "hidden"], whole, np.ones_like(whole))
        return values[0], hidden[0]


@dataclass(frozen=True)
class _Job:
    """A part of a passage: its sentences, the tokens of the title and of the part, and where the latter are."""

    passage: Passage
    sentences: Sequence[Span]
    head: NDArray[np.int32]
    ids: NDArray[np.int32]
    places: NDArray[np.int32]


def _key(passage: Passage) -> str:
    """Return a name for what a passage's vectors depend on."""
    places = ",".join(f"{s.start}-{s.end}" for s in passage.sentences)
    return fingerprint([passage.title, passage.text, places])


def _parts(body: Encoded, sentences: Sequence[Span]) -> Iterator[list[Span]]:
    """Cut the sentences of a passage into runs of about `PART` tokens; one alone may be longer."""
    ends = np.searchsorted(body.starts, [span.end for span in sentences])
    run: list[Span] = []
    first = int(np.searchsorted(body.starts, sentences[0].start)) if sentences else 0
    for span, end in zip(sentences, ends.tolist(), strict=True):
        if run and end - first > PART:
            yield run
            first = int(np.searchsorted(body.starts, span.start))
            run = []
        run.append(span)
    if run:
        yield run


def _pooled(passage: Passage, sentences: Sequence[Span], tokens: relevance.Tokens) -> relevance.Passage:
    """Return the vectors of a run of sentences, placed relative to the first of them."""
    start, end = sentences[0].start, sentences[-1].end
    inside = tokens.offsets[:, 0] >= start
    offsets = np.where(inside[:, None], tokens.offsets - start, -1)
    spans = [(s.start - start, s.end - start) for s in sentences]
    moved = relevance.Tokens(offsets, tokens.relevance, tokens.hidden)
    return relevance.Passage.of(passage.text[start:end], spans, moved, title=passage.title)


@lru_cache(maxsize=1)
def passage_encoder() -> PassageEncoder:
    """Return the bundled encoder, loaded once."""
    return PassageEncoder(encoder())


class EncoderRelevance:
    """The relevance head of the bundled encoder, its vectors fused with what the words say."""

    name = BUNDLED
    threshold = THRESHOLD

    def __init__(self) -> None:
        """Load the encoder and the parameters of the fusion."""
        self._encoder = passage_encoder()
        self._fusion = relevance.Fusion.load(encoder().directory / "fusion.json")
        self._index: relevance.PassageIndex | None = None

    def probabilities(self, passages: Sequence[Passage], query: str) -> list[list[float]]:
        """Return for every passage the probability of each of its sentences."""
        parts = self._encoder.passages(passages)
        flat = [part for own in parts for part in own]
        if not flat:
            return [[] for _ in passages]
        asked = self._encoder.query(query)
        with np.errstate(invalid="ignore"):  # some BLAS kernels raise the flag on padding they never return
            scores = iter(relevance.score(self._indexed(flat), asked, self._fusion))
        return [[float(p) for _ in own for p in next(scores)] for own in parts]

    def _indexed(self, parts: list[relevance.Passage]) -> relevance.PassageIndex:
        """Return the index of `parts`: the last one again if these are the passages it was made of."""
        known = self._index.passages if self._index else []
        if (
            self._index is None
            or len(known) != len(parts)
            or any(a is not b for a, b in zip(known, parts, strict=True))
        ):
            self._index = relevance.PassageIndex(parts)
        return self._index


class EncoderSimilarity:
    """The cosine of a sentence's vector, read in its passage, with the query's: the embedding head."""

    name = BUNDLED

    def __init__(self) -> None:
        """Load the encoder."""
        self._encoder = passage_encoder()

    def worth(self, passages: Sequence[Passage], query: str) -> list[list[float]]:
        """Return for every passage the cosine of each of its sentences with `query`, at least 0."""
        asked = self._encoder.query(query).hidden
        parts = self._encoder.passages(passages)
        return [[max(0.0, float(c)) for part in own for c in part.hidden @ asked] for own in parts]
