"""Does shortened code still parse?  Real files of a folder, every ratio, as one line per language.

    python benchmarks/code/parse_rate.py FOLDER '*.java' [--files 200] [--ratios 2 4 8] [--query TEXT]

A file counts as whole when the output has no ERROR or MISSING node more than the input (and, for Python, when the
interpreter's own parser reads the output of every input that it reads). `used` is the share of the budget that the
output takes, over outputs with a budget of at least 100 tokens; no output may be over it.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from ctxzip import Document, compress
from ctxzip.code.languages import language_of
from ctxzip.code.parse import faults
from ctxzip.compressors.longcodezip import LongCodeZip
from ctxzip.models.tokenizers import load_tokenizer


def sample(folder: Path, pattern: str, count: int) -> list[tuple[Path, str]]:
    """Return a seeded sample of readable files of 2 to 120 kB."""
    found = [p for p in sorted(folder.rglob(pattern)) if p.is_file() and 2_000 <= p.stat().st_size <= 120_000]
    random.Random(5).shuffle(found)
    texts: list[tuple[Path, str]] = []
    for path in found:
        try:
            texts.append((path, path.read_bytes().decode("utf-8")))
        except UnicodeDecodeError:
            continue
        if len(texts) == count:
            break
    return texts


def main() -> None:
    """Print what came out for every ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("pattern")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--ratios", type=float, nargs="+", default=[2, 4, 8])
    parser.add_argument("--query")
    asked = parser.parse_args()
    compressor = LongCodeZip("bundled")
    counter = load_tokenizer("o200k_base")
    files = sample(asked.folder, asked.pattern, asked.files)
    clean = sum(faults(text, language_of(text, str(path))) == 0 for path, text in files)
    print(f"{asked.folder} {asked.pattern}: {len(files)} files, {clean} of them without a fault")
    for ratio in asked.ratios:
        started = time.perf_counter()
        whole = over = empty = 0
        used: list[float] = []
        for path, text in files:
            document = Document(text, path=str(path))
            result = compress(document, ratio=ratio, method=compressor, query=asked.query)
            language = language_of(text, str(path))
            good = (faults(result.text, language) or 0) <= (faults(text, language) or 0)
            whole += good
            over += counter.count(result.text) > (result.limit or 0)
            empty += not result.text
            used += [result.tokens_after / result.limit] if result.limit and result.limit >= 100 else []
            if not good:
                print("  broken:", path)
        mean, low = sum(used) / max(1, len(used)), sum(share < 0.97 for share in used)
        seconds = (time.perf_counter() - started) / max(1, len(files))
        print(
            f"  ratio {ratio:g}: {whole}/{len(files)} parse, {over} over budget, {empty} empty, "
            f"{mean:.1%} of the budget used ({low} below 97 %), {seconds:.2f} s a file"
        )


if __name__ == "__main__":
    main()
