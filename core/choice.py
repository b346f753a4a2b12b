"""Which weights score and which generator writes: one small value that every compressor is built from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The weights a compressor works with, as named by the user.

    `model` and `adapter` are directories or hub ids, None for what the method brings; `compat` follows the
    released implementation where ours differs; `cache` allows results on disk to be used and kept. `generator` is
    a directory, a hub id, the URL of an endpoint or `none`, and `generator_model` the name of a model behind a URL.
    """

    model: str | None = None
    adapter: str | None = None
    compat: bool = False
    cache: bool = True
    generator: str | None = None
    generator_model: str | None = None
