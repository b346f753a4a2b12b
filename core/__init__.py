"""ctxzip makes prompts and contexts shorter without losing what matters."""

from ctxzip.api import compress
from ctxzip.budget import Budget
from ctxzip.errors import CtxzipError
from ctxzip.result import Compression
from ctxzip.text import Document

__all__ = ["Budget", "Compression", "CtxzipError", "Document", "__version__", "compress"]
__version__ = "0.1.0"
