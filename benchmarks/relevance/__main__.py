"""Answer containment of query-aware compression at 4 and 8 times, at equal o200k tokens.

    python -m benchmarks.relevance DATA [--limit 200] [--peers FOLDER] [--speed] [--long 100000]

`DATA` holds `dev_qa/hotpotqa.jsonl.gz` and `dev_qa/squad.jsonl.gz`; `--peers` names a folder for an environment in
which trimwise and llmslim are installed. Every method gets the tokens of the input divided by the ratio.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

from benchmarks.relevance import peers, speed
from benchmarks.relevance.contexts import Context, single, two_hop
from ctxzip import Compression, compress

RATIOS = (4, 8)


def contained(context: Context, text: str) -> bool:
    """Tell whether an answer stands in `text`."""
    flat = " ".join(text.lower().split())
    return any(" ".join(answer.lower().split()) in flat for answer in context.answers)


def share(found: list[bool]) -> float:
    """Return the share of true values."""
    return sum(found) / max(1, len(found))


def ours(contexts: list[Context], method: str, ratio: int) -> tuple[float, float, float]:
    """Return containment, the share of tokens in whole sentences, and the share of the budget used."""
    hits, whole, used = [], [], []
    for context in contexts:
        result = compress(context.text, query=context.question, method=method, ratio=ratio)
        assert result.limit is not None
        assert result.tokens_after <= result.limit
        hits.append(contained(context, result.text))
        used.append(result.tokens_after / result.limit)
        whole.append(1 - fragments(result))
    return share(hits), statistics.fmean(whole), statistics.fmean(used)


def fragments(result: Compression) -> float:
    """Return the share of the kept tokens that stand in shortened sentences."""
    kept = [allotment.unit for allotment in result.allotments if allotment.kept]
    return sum(unit.tokens for unit in kept if unit.part) / max(1, sum(unit.tokens for unit in kept))


def unanswerable(contexts: list[Context]) -> float:
    """Return the median share that `--threshold auto` keeps of contexts that do not answer."""
    results = [compress(context.text, query=context.question, threshold="auto") for context in contexts]
    return statistics.median(result.tokens_after / result.tokens_before for result in results)


def main() -> None:
    """Measure and print a Markdown table, then the other figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--long", type=int, default=0)
    asked = parser.parse_args()
    sets = {"single": single(asked.data, asked.limit), "two-hop": two_hop(asked.data, asked.limit)}
    if asked.long:
        print(json.dumps(speed.long(single(asked.data, 200), asked.long)))
    if asked.speed:
        one, other = single(asked.data, 2)
        print(json.dumps(speed.measure(one, other.question)))
    if asked.limit:
        compare(sets, asked.peers)
        missing = unanswerable(single(asked.data, asked.limit, answered=False))
        print(f"unanswerable, --threshold auto: median kept share {missing:.3f}")


def compare(sets: dict[str, list[Context]], folder: Path | None) -> None:
    """Measure every method on every set at every ratio and print what came out."""
    table: dict[str, list[float]] = {}
    extra: dict[str, list[float]] = {}
    scorers = {"BM25 sentences": peers.bm25, "all-MiniLM-L6-v2 cosine": peers.Cosine()}
    for kind, contexts in sets.items():
        for ratio in RATIOS:
            for method in ("exit", "recomp"):
                hit, whole, used = ours(contexts, method, ratio)
                table.setdefault(f"ctxzip {method}", []).append(hit)
                print(f"{kind} {ratio}× {method} {hit:.3f}", file=sys.stderr, flush=True)
                extra.setdefault(method, []).extend((whole, used))
            for name, value in others(contexts, ratio, scorers, folder).items():
                table.setdefault(name, []).append(value)
    print("| | single 4× | single 8× | two-hop 4× | two-hop 8× |\n|---|---|---|---|---|")
    for name, values in table.items():
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in values) + " |")
    for method, values in extra.items():
        print(f"{method}: whole sentences {min(values[::2]):.3f}, budget used {min(values[1::2]):.3f} (worst of four)")


def others(
    contexts: list[Context], ratio: int, scorers: dict[str, peers.Scores], folder: Path | None
) -> dict[str, float]:
    """Return the containment of every baseline and peer."""
    jobs = [(context, peers.tokens(context.text) // ratio) for context in contexts]
    found = {}
    for name, score in scorers.items():
        made = [peers.whole_sentences(context, limit, score) for context, limit in jobs]
        found[name] = share([contained(c, text) for c, text in zip(contexts, made, strict=True)])
    if folder:
        python = peers.install(folder)
        for peer in peers.PEERS:
            made = peers.packaged(python, peer, jobs)
            assert all(peers.tokens(text) <= limit for text, (_, limit) in zip(made, jobs, strict=True))
            found[peer] = share([contained(c, text) for c, text in zip(contexts, made, strict=True)])
    return found


if __name__ == "__main__":
    main()
