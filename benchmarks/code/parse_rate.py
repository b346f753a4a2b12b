"""Does shortened code still parse?  Real files of a folder, every ratio, as one line per language.

    python benchmarks/code/parse_rate.py FOLDER '*.java' [--files 200] [--ratios 2 4 8] [--query TEXT | --named]

A file counts as whole when the output has no ERROR or MISSING node more than the input (and, for Python, when the
interpreter's own parser reads the output of every input that it reads). `used` is the share of the budget that the
output takes, over outputs with a budget of at least 100 tokens; no output may be over it. With `--named` every file is
asked about one of its functions by name, a seeded choice of those that fit, and `named` counts the outputs with that
whole function.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from pathlib import Path

from ctxzip import Document, compress
from ctxzip.code.chunks import chunks_of
from ctxzip.code.languages import language_of
from ctxzip.code.parse import faults
from ctxzip.code.tree import Kind
from ctxzip.compressors.longcodezip import LongCodeZip, outline_of
from ctxzip.models.tokenizers import load_tokenizer
from ctxzip.protocols import Tokenizer


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
    parser.add_argument("--named", action="store_true")
    asked = parser.parse_args()
    counter = load_tokenizer("o200k_base")
    files = sample(asked.folder, asked.pattern, asked.files)
    clean = sum(faults(text, language_of(text, str(path))) == 0 for path, text in files)
    print(f"{asked.folder} {asked.pattern}: {len(files)} files, {clean} of them without a fault")
    for ratio in asked.ratios:
        started = time.perf_counter()
        tally: Counter[str] = Counter()
        used: list[float] = []
        for path, text in files:
            name, body = a_function(path, text, ratio, counter) if asked.named else ("", "")
            query = f"what does `{name}` do?" if name else asked.query
            result = compress(Document(text, path=str(path)), ratio=ratio, method=LongCodeZip("bundled"), query=query)
            language = language_of(text, str(path))
            good = (faults(result.text, language) or 0) <= (faults(text, language) or 0)
            tally["whole"] += good
            tally["over"] += counter.count(result.text) > (result.limit or 0)
            tally["empty"] += not result.text
            tally["asked"] += bool(name)
            tally["named"] += bool(name) and body in result.text
            used += [result.tokens_after / result.limit] if result.limit and result.limit >= 100 else []
            if not good:
                print("  broken:", path)
        mean, low = sum(used) / max(1, len(used)), sum(share < 0.97 for share in used)
        seconds = (time.perf_counter() - started) / max(1, len(files))
        names = f"{tally['named']}/{tally['asked']} named survive, " if asked.named else ""
        print(
            f"  ratio {ratio:g}: {tally['whole']}/{len(files)} parse, {names}{tally['over']} over budget, "
            f"{tally['empty']} empty, {mean:.1%} of the budget used ({low} below 97 %), {seconds:.2f} s a file",
            flush=True,
        )


def a_function(path: Path, text: str, ratio: float, counter: Tokenizer) -> tuple[str, str]:
    """Return name and lines of a function of a file that takes at most half the budget; nothing if there is none."""
    outline = outline_of(Document(text, path=str(path)))
    most = counter.count(text) / ratio / 2
    functions = [chunk for chunk in chunks_of(outline) if chunk.kind is Kind.FUNCTION]
    times = Counter(chunk.name.rpartition(".")[2] for chunk in functions)
    found = []
    for chunk in functions:
        name, body = chunk.name.rpartition(".")[2], chunk.text(outline).strip()
        if len(name) > 3 and times[name] == 1 and body in text and counter.count(body) <= most:
            found.append((name, body))
    return random.Random(len(text)).choice(found) if found else ("", "")


if __name__ == "__main__":
    main()
