"""Which weights score: one small value that every compressor is built from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The weights a compressor scores with, as named by the user.

    `model` and `adapter` are directories or hub ids, None for what the method brings; `compat` follows the
    released implementation where ours differs; `cache` allows results on disk to be used and kept.
    """

    model: str | None = None
    adapter: str | None = None
    compat: bool = False
    cache: bool = True
