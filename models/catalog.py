"""Published checkpoints that the methods are known to take, for `ctxzip models list`; any other works just as well."""

from __future__ import annotations

from dataclasses import dataclass

UNSTATED = "not stated by its authors"


@dataclass(frozen=True)
class Known:
    """A checkpoint on the hub: what it costs to have and what it is good for."""

    id: str
    method: str
    megabytes: int
    """Size of the weights to download, about."""
    licence: str
    languages: str
    purpose: str
    needs: str = "ctxzip[torch], or an export of it"


_LARGE = "a good deal of memory: ctxzip[torch], or an export of it"
_AS_IT_IS = "ctxzip[torch]; cannot be exported"

KNOWN = (
    Known(
        "microsoft/llmlingua-2-xlm-roberta-large-meetingbank",
        "llmlingua2",
        2240,
        "MIT",
        "reads 100, trained on English",
        "words of any text; the checkpoint of the paper",
        _LARGE,
    ),
    Known(
        "microsoft/llmlingua-2-bert-base-multilingual-cased-meetingbank",
        "llmlingua2",
        710,
        "Apache-2.0",
        "reads 104, trained on English",
        "words of any text; the small checkpoint of the paper",
    ),
    Known(
        "cross-encoder/ms-marco-MiniLM-L6-v2",
        "exit",
        91,
        "Apache-2.0",
        "English",
        "a fast reranker that judges sentences for a query",
    ),
    Known(
        "BAAI/bge-reranker-v2-m3",
        "exit",
        2270,
        "Apache-2.0",
        "over 100",
        "a reranker for many languages",
        _LARGE,
    ),
    Known(
        "hotchpotch/open-provence-reranker-xsmall-v1",
        "exit",
        120,
        "MIT",
        "English, Japanese",
        "a pruner: the tokens of a passage, judged together",
        _AS_IT_IS,
    ),
    Known(
        "google/gemma-2b-it",
        "exit",
        5010,
        "Gemma terms of use",
        "English",
        "asks Yes or No; with --adapter doubleyyh/exit-gemma-2b as in the EXIT paper",
        _AS_IT_IS,
    ),
    Known(
        "sentence-transformers/all-MiniLM-L6-v2",
        "recomp",
        91,
        "Apache-2.0",
        "English",
        "small sentence vectors for any subject",
    ),
    Known(
        "facebook/contriever-msmarco",
        "recomp",
        438,
        UNSTATED,
        "English",
        "the encoder that RECOMP starts from",
        "ctxzip[torch] and safetensors weights",
    ),
    Known(
        "fangyuan/nq_extractive_compressor",
        "recomp",
        438,
        UNSTATED,
        "English",
        "the RECOMP paper's encoder for open questions",
        "ctxzip[torch] and safetensors weights",
    ),
    Known(
        "fangyuan/nq_abstractive_compressor",
        "recomp-abstractive",
        2950,
        UNSTATED,
        "English",
        "writes what passages say about an open question; --generator takes it",
        "ctxzip[torch] and safetensors weights; cannot be exported",
    ),
    Known(
        "fangyuan/hotpotqa_extractive_compressor",
        "recomp",
        438,
        UNSTATED,
        "English",
        "the RECOMP paper's encoder for questions in two steps",
        "ctxzip[torch] and safetensors weights",
    ),
)


def find(name: str) -> Known | None:
    """Return what is known of the checkpoint `name`."""
    return next((known for known in KNOWN if known.id == name), None)
