"""RECOMP's extractive half: the published formula, selective augmentation, the bundled embedding head."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_models
from laws import Cli, is_subsequence
from test_exit import JOINED, PASSAGES, QUERY

from ctxzip import compress
from ctxzip.compressors.recomp import worth
from ctxzip.models.dual_encoder import TextEncoder
from ctxzip.models.encoders import open_encoder
from ctxzip.models.manifest import Kind


def encoder(directory: Path) -> TextEncoder:
    return TextEncoder(open_encoder(directory, Kind.TEXTS, "tiny"))


def test_the_nearest_sentences_are_kept_in_document_order() -> None:
    result = compress(PASSAGES, query=QUERY, method="recomp", top_k=2)
    assert result.method == "recomp"
    assert "finished in 1873" in result.text
    kept = [span for span in result.spans if span.kept]
    assert len(kept) == 2
    assert kept == sorted(kept, key=lambda span: (span.document, span.start))


@pytest.mark.parametrize("tokens", [30, 60, 110])
def test_a_budget_is_met(tokens: int) -> None:
    result = compress(JOINED, query=QUERY, method="recomp", tokens=tokens)
    assert result.tokens_after <= tokens
    assert is_subsequence(result.text, JOINED)


def test_vectors_are_means_over_the_mask_and_the_worth_follows_the_dot_product(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    directory = tiny_models.encoder(tmp_path)
    texts = [QUERY, "Short.", "A much longer sentence about a lighthouse and its keeper.", "Its first lamp burned oil."]
    got = encoder(directory).vectors(texts)
    model, words = AutoModel.from_pretrained(directory).eval(), AutoTokenizer.from_pretrained(directory)
    for text, vector in zip(texts, got, strict=True):
        with torch.inference_mode():
            states = model(**words(text, return_tensors="pt")).last_hidden_state[0]
        assert vector == pytest.approx(states.mean(0).numpy(), abs=1e-4)
    values = worth(encoder(directory), texts[1:], QUERY)
    assert np.argsort(values).tolist() == np.argsort(got[1:] @ got[0]).tolist()
    assert all(0 <= value <= 1 for value in values)
    result = compress(JOINED, query=QUERY, method="recomp", model=str(directory), ratio=3)
    assert result.model == str(directory)


def test_a_sentence_transformers_checkpoint_is_obeyed(tmp_path: Path) -> None:
    directory = tiny_models.encoder(tmp_path)
    (directory / "1_Pooling").mkdir()
    (directory / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    (directory / "modules.json").write_text(json.dumps([{"type": "sentence_transformers.models.Normalize"}]))
    vectors = encoder(directory).vectors(["One.", "Two words."])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_selective_augmentation_returns_nothing_and_succeeds(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "p.txt"
    path.write_text(JOINED)
    done = cli("compress", path, "--method", "recomp", "--query", "quantum field theory", "--min-relevance", "0.9")
    assert (done.code, done.out) == (0, "")
    assert "empty on purpose" in done.err


def test_an_adapter_is_refused(cli: Cli, tmp_path: Path) -> None:
    done = cli("compress", __file__, "--method", "recomp", "--query", "x", "--adapter", str(tmp_path), "--ratio", "2")
    assert done.code == 2
    assert "takes no adapter" in done.err
