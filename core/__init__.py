"""ctxzip makes prompts and contexts shorter without losing what matters."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctxzip.api import compress
    from ctxzip.budget import Budget
    from ctxzip.errors import CtxzipError
    from ctxzip.result import Compression
    from ctxzip.text import Document

__all__ = ["Budget", "Compression", "CtxzipError", "Document", "__version__", "compress"]
__version__ = "0.1.0"

_PLACES = {"Budget": "budget", "Compression": "result", "CtxzipError": "errors", "Document": "text", "compress": "api"}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: `ctxzip --help` uses none."""
    from importlib import import_module

    if name not in _PLACES:
        message = f"module 'ctxzip' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"ctxzip.{_PLACES[name]}"), name)
    globals()[name] = value
    return value
