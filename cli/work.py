"""What the commands ask the library to do, with progress shown to whoever watches."""

from __future__ import annotations

from collections.abc import Sequence

from ctxzip.api import compress_with
from ctxzip.cli.progress import bar
from ctxzip.cli.read import STDIN, read_documents
from ctxzip.models.tokenizers import load_tokenizer
from ctxzip.options import Options
from ctxzip.result import Compression
from ctxzip.text import Document

read = read_documents


def compressed(documents: Sequence[Document], options: Options, *, quiet: bool) -> Compression:
    """Compress `documents`, with a progress bar when it takes long and a person is watching."""
    with bar(quiet=quiet):
        return compress_with(documents if len(documents) != 1 else documents[0], options)


def counts(files: Sequence[str], tokenizer: str, encoding: str) -> list[tuple[str, int]]:
    """Return the name and the number of tokens of every file."""
    counter = load_tokenizer(tokenizer)
    return [
        (document.path or document.id or STDIN, counter.count(document.text))
        for document in read_documents(files, encoding)
    ]
