"""Code scored by a causal language model: how much likelier a chunk makes the question (LongCodeZip, 3.2)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ctxzip.models.cache import Cache, NoCache, file_state, fingerprint
from ctxzip.models.causal_losses import BREAK, CausalReader
from ctxzip.models.code_features import CodePiece
from ctxzip.models.code_ranking import PROBED, Probe, probe, ranking
from ctxzip.models.code_scorer import KIND, EncoderScorer, encoder_scorer, load_array, store_array
from ctxzip.models.line_perplexity import gains, line_bits
from ctxzip.models.store import GEMMA, locate
from ctxzip.models.torch_loading import device, model_of, tokenizer_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAUSAL = "causal"
"""Name of the ranking that was fitted for a causal model."""
CAUSAL_FEATURES = ("light", "gain")
"""What ranks for any model: the light scorer's value, and the mutual information."""
PROBE_FEATURES = ("light", "probed")
"""What ranks for a model with a probe: the light scorer's value, and that of the probe."""
READ = 10
"""Chunks, best first by the light scorer's value, that the model reads."""
SEEN = 1200
"""Letters of a chunk that are read: of a longer one as many, two thirds from its beginning and a third from its end."""
STRENGTH = 5.0
"""Nats of chance that a nat per token of the question is worth where nothing else ranks."""
REMEMBERED = 512 * 1024 * 1024
"""Bytes of what was read of chunks that are kept for the next question."""


class CausalScorer:
    """Log-space mutual information of the question and a chunk, in nats per token of the question.

    With `compat` the released formula: the difference of the two perplexities, and the question's first token
    left out of the conditional one.
    """

    def __init__(
        self,
        reader: CausalReader,
        name: str,
        *,
        light: EncoderScorer | None = None,
        probe: Probe | None = None,
        compat: bool = False,
        cache: tuple[Cache, str] | None = None,
    ) -> None:
        """Score with what `reader` reads; `cache` is where results are kept, and what identifies its weights there.

        Without `light`, which knows the names in a chunk, and in `compat` the mutual information alone ranks. With a
        `probe` its values rank in place of that.
        """
        self.name = name
        self.reader = reader
        self._light = light
        self._probe = probe
        self._compat = compat
        self._cache, self._state = cache or (NoCache(), "")
        self._memory = ChunkMemory(reader)

    def relevance(self, query: str, pieces: Sequence[CodePiece]) -> NDArray[np.float64]:
        """Return the value of every chunk by the ranking fitted for causal models, or its mutual information.

        The model reads the `READ` best by the light scorer. To what the ranking makes of the light value of the others
        that is added which reading adds for the middle one of those.
        """
        if not pieces:
            return np.zeros(0)
        if self._compat or self._light is None:
            return STRENGTH * self.gains(query, [piece.text for piece in pieces])
        light = self._light.relevance(query, pieces)
        ranked = ranking(PROBED if self._probe else CAUSAL)
        shown = best_pieces(light, pieces)
        values = ranked.alone(0, light)
        read = ranked.values(self.features(query, [pieces[at] for at in shown], light[shown]))
        values += float(np.median(read - values[shown]))
        values[shown] = read
        return values

    def features(self, query: str, pieces: Sequence[CodePiece], light: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what ranks chunks with these `light` values: `PROBE_FEATURES`, without a probe `CAUSAL_FEATURES`."""
        if self._probe:
            return np.column_stack([light, self._probe.values(self.states(query, pieces, self._probe.layer))])
        gain = self.gains(query, [glimpse(piece) for piece in pieces])
        return np.column_stack([light, np.where(np.isfinite(gain), gain, gain[np.isfinite(gain)].min(initial=0.0))])

    def states(self, query: str, pieces: Sequence[CodePiece], layer: int) -> NDArray[np.float64]:
        """Return the cached mean states of `query`, as they come out of a `layer`, after the code of every chunk."""
        texts = [glimpse(piece) for piece in pieces]
        names = [fingerprint([self._state, "states", str(layer), query, text]) for text in texts]
        known = {name: found for name in names if (found := load_array(self._cache, KIND, name)) is not None}
        missing = {name: text for name, text in zip(names, texts, strict=True) if name not in known}
        if missing:
            new = self.reader.states(query, list(missing.values()), layer)
            for name, row in zip(missing, new, strict=True):
                known[name] = row
                store_array(self._cache, KIND, name, row)
        return np.stack([known[name] for name in names]).astype(np.float64)

    def gains(self, query: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the mutual information of `query` with every text; what cannot be scored is -inf."""
        names = [fingerprint([self._state, "gain", str(self._compat), query, text]) for text in texts]
        known = {name: found for name in names if (found := load_array(self._cache, KIND, name)) is not None}
        missing = list({name: text for name, text in zip(names, texts, strict=True) if name not in known}.items())
        if missing:
            for (name, _), value in zip(missing, self._gains(query, [text for _, text in missing]), strict=True):
                known[name] = np.array([value], dtype=np.float32)
                store_array(self._cache, KIND, name, known[name])
        return np.array([float(known[name][0]) for name in names])

    def _gains(self, query: str, texts: Sequence[str]) -> list[float]:
        base = self.reader.question_losses(query, [""])[0]
        losses = self._memory.question_losses(query, texts)
        if self._compat:
            return [float(np.exp(_mean(base)) - np.exp(_mean(given[1:]))) for given in losses]
        return [_mean(base) - _mean(given[len(given) - len(base) :]) if len(given) else -np.inf for given in losses]

    def lines(self, query: str, piece: CodePiece, cuts: Sequence[int]) -> NDArray[np.float64]:
        """Return the value in [0, 1] of the parts of a chunk: how much likelier the question makes their block.

        Two forwards of the chunk, alone and after the question. Blocks end where perplexity spikes; the parts of
        a block share its value.
        """
        alone, given = self._bits(piece.text), self._bits(piece.text, query + BREAK)
        ends = [piece.text.count("\n", 0, cut) + (not piece.text[:cut].endswith("\n")) for cut in cuts]
        gain = gains(alone, given, ends)
        if not len(gain):
            return gain
        result: NDArray[np.float64] = (gain - gain.min()) / (float(np.ptp(gain)) or 1)
        return result

    def _bits(self, text: str, before: str = "") -> list[float]:
        """Return the cached `line_bits`; those of a chunk alone serve every question."""
        name = fingerprint([self._state, "lines", before, text])
        known = load_array(self._cache, KIND, name)
        if known is None:
            known = np.array(line_bits(self.reader, text, before), dtype=np.float32)
            store_array(self._cache, KIND, name, known)
        values: list[float] = known.tolist()
        return values


class ChunkMemory:
    """Keys and values of chunks that were asked about before, so that only a further question is read."""

    def __init__(self, reader: CausalReader, most: int = REMEMBERED) -> None:
        """Keep at most `most` bytes of what `reader` read, that which was used last."""
        self._reader = reader
        self._most = most
        self._asked: set[str] = set()
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._bytes = 0

    def question_losses(self, query: str, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """Return for every text the loss of each token of `query` after it.

        Chunks that are seen for the first time are read in batches; from their second question on they are kept.
        """
        found: list[NDArray[np.float64] | None] = [
            self._reader.ask(query, text, self._recall(text)) if text in self._asked else None for text in texts
        ]
        rest = [index for index, losses in enumerate(found) if losses is None]
        if rest:
            new = self._reader.question_losses(query, [texts[index] for index in rest])
            for index, losses in zip(rest, new, strict=True):
                found[index] = losses
        self._asked.update(texts)
        return [losses for losses in found if losses is not None]

    def _recall(self, text: str) -> tuple[Any, int]:
        memory = self._kept.pop(text, None)
        if memory is None:
            memory = self._reader.remember(text)
            self._bytes += _bytes(memory)
        self._kept[text] = memory
        while self._bytes > self._most and len(self._kept) > 1:
            self._bytes -= _bytes(self._kept.popitem(last=False)[1])
        return memory


def glimpse(piece: CodePiece) -> str:
    """Return what the model reads of a chunk: code without what its author says about it, the middle left out.

    The questions that rankings are fitted on were such descriptions, so that just the function asked for lacks its
    own there; from the others' a model would learn to prefer what is not described.
    """
    code = (piece.code or piece.text).strip("\n")
    return code if len(code) <= SEEN else f"{code[: 2 * SEEN // 3]}\n{code[-SEEN // 3 :]}"


def best_pieces(light: NDArray[np.float64], pieces: Sequence[CodePiece]) -> NDArray[np.intp]:
    """Return the `READ` chunks with the best `light` values, those that have names first."""
    nameless = np.array([not piece.name for piece in pieces])
    return np.lexsort((-light, nameless))[:READ]


def _bytes(memory: tuple[Any, int]) -> int:
    layers = memory[0].past_key_values.layers
    return sum(int(part.nbytes) for layer in layers for part in (layer.keys, layer.values))


def _mean(losses: NDArray[np.float64]) -> float:
    return float(losses.mean()) if len(losses) else float("inf")


def _light_scorer(kept: bool) -> EncoderScorer | None:
    """Return the bundled encoder's view, None where it is not installed."""
    from ctxzip.errors import ModelUnavailable

    try:
        return encoder_scorer(kept)
    except ModelUnavailable:
        return None


@lru_cache(maxsize=2)
def load_causal_scorer(model: str, *, compat: bool = False, kept: bool = True) -> CausalScorer:
    """Return the scorer of the causal LM `model`: `gemma`, a directory or a hub id.

    Raises `MissingExtra` without torch, `UnknownName` or `ModelUnavailable` for what cannot be found.
    """
    import torch

    from ctxzip.models.cache import default_cache

    directory = _directory(model)
    precision = torch.bfloat16 if device() == "cuda" or _fast_half() else torch.float32
    loaded = model_of(directory, "AutoModelForCausalLM", "causal language model", dtype=precision)
    state = "|".join(file_state(file) for file in sorted(directory.glob("*.safetensors")))
    light = None if compat else _light_scorer(kept)
    name = f"{model} + identifiers + bundled encoder" if light else model
    cache = (default_cache(), state) if kept and state else None
    reader = CausalReader(loaded, tokenizer_of(directory))
    trained = probe() if model == GEMMA and light else None
    return CausalScorer(reader, name, light=light, probe=trained, compat=compat, cache=cache)


def _directory(model: str) -> Path:
    if model == GEMMA:
        from ctxzip.models.gemma import gemma_directory

        return gemma_directory()
    return locate(model)


def _fast_half() -> bool:
    """Tell whether this processor computes in bfloat16."""
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False
