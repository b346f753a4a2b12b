"""EXIT: the laws of whole runs with a query, the scorers against what they stand for, the command line."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
import tiny_models
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import Cli, is_subsequence, texts

from ctxzip import Compression, Document, compress
from ctxzip.compressors.exit import Exit
from ctxzip.errors import InputError, UsageError
from ctxzip.models.cache import Cache, NoCache, fingerprint
from ctxzip.models.causal_relevance import PROMPT, CausalRelevance, _windows
from ctxzip.models.relevance_scorers import load_relevance_scorer
from ctxzip.models.tokenizers import load_tokenizer
from ctxzip.passages import Passage
from ctxzip.sentences import sentences
from ctxzip.text import Role, Span

PASSAGES = [
    Document(
        "The lighthouse at Cape Orlo was finished in 1873. Its first lamp burned rapeseed oil. The keeper, "
        "Anna Brandt, lived in the tower for thirty years. Tourists may climb the stairs from April to October.",
        id="orlo",
        title="Cape Orlo Light",
    ),
    Document(
        "The harbour railway carried coal and fish between the quay and the main line. It was closed in 1964 when the "
        "last steamer left. The station building is a library today.",
        id="railway",
        title="Harbour railway",
    ),
    Document(
        "Herring is salted in barrels. A barrel holds about a thousand fish. The recipe has not changed since 1700. "
        "Sour cream, apples and onions go with it.",
        id="herring",
    ),
]
JOINED = "\n\n".join(f"{d.title}\n{d.text}" if d.title else d.text for d in PASSAGES)
QUERY = "When was the lighthouse at Cape Orlo finished?"


def asked(source: object, **options: object) -> Compression:
    return compress(source, query=options.pop("query", QUERY), **options)  # type: ignore[arg-type]


def test_the_evidence_is_kept_and_the_rest_goes() -> None:
    result = asked(PASSAGES, tokens=40)
    assert result.method == "exit"
    assert "finished in 1873" in result.text
    assert "Cape Orlo Light" in result.text
    assert "onions" not in result.text


def test_documents_keep_order_ids_and_titles_and_empty_ones_disappear() -> None:
    result = asked(PASSAGES, top_k=2, query="What year did the harbour railway close?")
    assert [(d.id, d.title) for d in result.documents] == [(d.id, d.title) for d in PASSAGES]
    assert "closed in 1964" in result.documents[1].text
    assert "==> herring <==" not in result.text
    for span in result.spans:
        assert PASSAGES[span.document].text[span.start : span.end].strip()


@settings(max_examples=25)
@given(st.lists(texts(), min_size=1, max_size=3), st.integers(1, 120))
def test_never_over_budget_and_a_subsequence(inputs: list[str], tokens: int) -> None:
    documents = [Document(text, id=f"d{i}" if len(inputs) > 1 else None) for i, text in enumerate(inputs)]
    result = asked(documents, tokens=tokens, allow=["all"], query="Who said no to Dr. Smith?")
    assert load_tokenizer("o200k_base").count(result.text) == result.tokens_after <= tokens
    for made, original in zip(result.documents, documents, strict=True):
        assert is_subsequence(made.text, original.text)


@pytest.mark.parametrize("tokens", [100, 130, 180, 240])
def test_the_budget_is_used_up_by_whole_sentences(tokens: int) -> None:
    result = asked(JOINED + "\n\n" + JOINED.replace("19", "20"), tokens=tokens)
    assert result.limit is not None
    assert result.tokens_after >= 0.97 * min(tokens, result.tokens_before)
    whole = sum(a.unit.tokens for a in result.allotments if a.kept and not a.unit.part)
    part = sum(a.unit.tokens for a in result.allotments if a.kept and a.unit.part)
    assert part <= 0.1 * (whole + part)


def test_the_same_question_twice_gives_the_same_answer() -> None:
    results = [asked(JOINED, ratio=3) for _ in range(2)]
    assert results[0].text == results[1].text
    assert [s.score for s in results[0].spans] == [s.score for s in results[1].spans]
    alone = Exit().score([PASSAGES[0]], [[Span(0, 49)]], QUERY)
    assert alone == Exit().score([PASSAGES[0]], [[Span(0, 49)]], QUERY)


def test_what_fits_comes_back_unchanged_and_again_nothing_changes() -> None:
    once = asked(JOINED, tokens=60)
    assert asked(once.text, tokens=60).text == once.text
    assert asked(JOINED, tokens=9999).text == JOINED


def test_passages_of_one_text_keep_their_titles() -> None:
    assert asked(JOINED, top_k=1).text.startswith("Cape Orlo Light\nThe lighthouse at Cape Orlo was finished in 1873.")


def test_choices_by_score_alone() -> None:
    scores = sorted((span.score for span in asked(JOINED, top_k=1).spans), reverse=True)
    assert sum(s.kept for s in asked(JOINED, top_k=3).spans) == 3
    assert sum(s.kept for s in asked(JOINED, threshold=scores[2]).spans) == 3
    heavy = asked(JOINED, top_p=0.5)
    kept = sum(s.score for s in heavy.spans if s.kept)
    assert kept >= 0.5 * sum(scores)
    assert asked(JOINED, threshold="auto").asked == "threshold auto"


def test_nothing_relevant_is_an_empty_result_that_says_so() -> None:
    result = asked(JOINED, ratio=2, min_relevance=0.99, query="How do I reset my password?")
    assert (result.text, result.tokens_after) == ("", 0)
    assert any("--min-relevance" in note for note in result.notes)


def test_a_sentence_far_into_a_long_text_is_found() -> None:
    filler = "The committee discussed the usual matters at length and postponed most of them until spring. " * 150
    text = filler + "The lighthouse at Cape Orlo was finished in 1873. " + filler
    result = asked(text, top_k=1)
    assert "1873" in result.text


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.causal(tmp_path_factory.mktemp("causal"))


def passage(text: str, title: str = "") -> Passage:
    return Passage(text, title, tuple(s for s in sentences(text) if s.role is Role.CONTENT))


def test_the_prompt_is_the_published_one() -> None:
    made = PROMPT.format(query="Q?", context="C", sentence="S")
    assert made == (
        "<start_of_turn>user\nQuery:\nQ?\nFull context:\nC\nSentence:\nS\nIs this sentence useful in answering the "
        'query? Answer only "Yes" or "No".<end_of_turn>\n<start_of_turn>model\n'
    )


def test_shared_and_batched_answers_equal_the_naive_ones(tiny: Path) -> None:
    scorer = CausalRelevance(tiny, "tiny")
    one = passage(PASSAGES[0].text * 3, "Cape Orlo Light")
    got = scorer.probabilities([one, passage("One sentence only.")], QUERY)
    context = f"{one.title}\n{one.text.strip()}"
    naive = [scorer.naive(QUERY, context, s.of(one.text).strip()) for s in one.sentences]
    assert got[0] == pytest.approx(naive, abs=1e-4)
    assert got[1] == pytest.approx([scorer.naive(QUERY, "One sentence only.", "One sentence only.")], abs=1e-4)
    assert max(naive) - min(naive) > 1e-3


def test_a_long_context_is_trimmed_around_the_sentence_never_the_question(tiny: Path) -> None:
    scorer = CausalRelevance(tiny, "tiny")
    scorer.longest = 260
    long = passage(PASSAGES[0].text * 6)
    contexts = list(scorer._contexts(long, QUERY))
    assert len(contexts) > 2
    assert [s for _, own in contexts for s in own] == [s.of(long.text).strip() for s in long.sentences]
    for context, own in contexts:
        for sentence in own:
            assert sentence in context
            ids = scorer._ids(QUERY, context, sentence)
            assert len(ids) <= scorer.longest
            assert "<start_of_turn>model\n" in scorer._tokenizer.decode(ids)[-30:]


@given(st.lists(st.integers(1, 40), max_size=40), st.integers(16, 90))
def test_windows_ask_every_sentence_once(sizes: list[int], room: int) -> None:
    found = list(_windows(sizes, room))
    assert [i for _, _, own in found for i in own] == list(range(len(sizes)))
    for first, last, own in found:
        assert first <= own.start < own.stop <= last
        assert last - first == 1 or sum(sizes[first:last]) <= room + max(sizes)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_an_adapter_changes_the_answers(tiny: Path, tmp_path: Path) -> None:
    import peft
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(tiny)
    tuned = peft.get_peft_model(base, peft.LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False))
    tuned.save_pretrained(tmp_path)
    plain = asked(JOINED, model=str(tiny), top_k=2, cache=False)
    adapted = asked(JOINED, model=str(tiny), adapter=str(tmp_path), top_k=2, cache=False)
    assert adapted.model == f"{tiny} + {tmp_path}"
    assert [s.score for s in plain.spans] != [s.score for s in adapted.spans]


def test_answers_are_kept_on_disk(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path / "cache")
    first = CausalRelevance(tiny, "tiny", cache=cache).probabilities([passage(JOINED)], QUERY)
    later = CausalRelevance(tiny, "tiny", cache=cache)
    monkeypatch.setattr(later, "_score", None)
    assert later.probabilities([passage(JOINED)], QUERY) == first
    assert cache.clear() > 0
    assert not cache.root.exists()


@pytest.mark.parametrize("labels", [1, 2])
def test_a_cross_encoder_scores_as_its_library_does(tmp_path: Path, labels: int) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    directory = tiny_models.reranker(tmp_path, labels)
    one = passage(PASSAGES[2].text)
    got = load_relevance_scorer(Exit(str(directory))._choice).probabilities([one], QUERY)[0]
    model = AutoModelForSequenceClassification.from_pretrained(directory).eval()
    words = AutoTokenizer.from_pretrained(directory)
    expected = []
    for span in one.sentences:
        with torch.inference_mode():
            logits = model(**words(QUERY, span.of(one.text).strip(), return_tensors="pt")).logits[0]
        expected.append(float(torch.sigmoid(logits[0]) if labels == 1 else torch.softmax(logits, -1)[1]))
    assert got == pytest.approx(expected, abs=1e-4)


def test_a_pruner_gives_sentences_the_mean_of_their_tokens(tmp_path: Path) -> None:
    directory = tiny_models.pruner(tmp_path)
    result = asked(JOINED, model=str(directory), ratio=3)
    assert result.model == str(directory)
    scores = [s.score for s in result.spans]
    assert 0 < min(scores) < max(scores) < 1
    long = passage(PASSAGES[0].text * 12)
    got = load_relevance_scorer(Exit(str(directory))._choice).probabilities([long], QUERY)[0]
    assert len(got) == len(long.sentences)
    assert min(got) > 0


def test_a_checkpoint_of_another_kind_is_refused(tmp_path: Path) -> None:
    directory = tiny_models.encoder(tmp_path)
    with pytest.raises(InputError, match="BertModel"):
        asked(JOINED, model=str(directory), ratio=2)
    with pytest.raises(UsageError, match="causal LM"):
        asked(JOINED, adapter=str(directory), ratio=2)


def test_the_cache_is_safe_when_many_write_at_once(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    key = fingerprint(["a", b"b"])
    made: list[Path] = []

    def make(target: Path) -> None:
        (target / "file").write_text("whole")

    def work() -> None:
        cache.write("scores", key, [1, 2])
        made.append(cache.directory("weights", key, make))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.read("scores", key) == [1, 2]
    assert {path.joinpath("file").read_text() for path in made} == {"whole"}
    assert not list(tmp_path.rglob(".making-*"))
    assert fingerprint(["ab", ""]) != fingerprint(["a", "b"])


def test_a_cache_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / "below")
    cache.write("scores", "abc", 1)
    assert cache.read("scores", "abc") is None
    NoCache().write("scores", "abc", 1)
    assert NoCache().read("scores", "abc") is None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "passages.txt"
    path.write_text(JOINED)
    return path


def test_the_command_line_takes_queries(cli: Cli, file: Path, tmp_path: Path) -> None:
    direct = cli("compress", file, "--query", QUERY, "--ratio", "4")
    assert direct.code == 0
    assert "1873" in direct.out
    question = tmp_path / "question.txt"
    question.write_text(QUERY + "\n")
    assert cli("compress", file, "--query", f"@{question}", "--ratio", "4").out == direct.out
    assert cli("compress", file, "--query", QUERY, "--threshold", "auto").code == 0
    assert "[-" in cli("plan", file, "--query", QUERY, "--top-k", "1").out


def test_a_json_list_of_passages_is_reported_with_its_ids(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "passages.json"
    path.write_text(json.dumps([{"id": d.id, "title": d.title, "text": d.text} for d in PASSAGES]))
    report = json.loads(cli("compress", path, "--query", QUERY, "--top-k", "1", "--json").out)
    best = next(span for span in report["spans"] if span["kept"])
    source = report["documents"][best["document"]]
    assert source["id"] == "orlo"
    assert "1873" in source["text"]
    assert 0 <= best["score"] <= 1


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (["--method", "exit"], 2, "needs a query", "llmlingua2"),
        (["--method", "recomp"], 2, "needs a query", "llmlingua2"),
        (["--method", "llmlingua2", "--query", "x"], 2, "does not look at a query", "exit"),
        (["--query", "  "], 2, "query is empty", "--query"),
        (["--query", "@nowhere.txt"], 2, "no such file", "spelling"),
        (["--query", "x", "--top-k", "0"], 2, "keeps nothing", "--top-k"),
        (["--query", "x", "--top-p", "1.5"], 2, "not between 0 and 1", "--top-p"),
        (["--query", "x", "--top-p", "0.5", "--top-k", "3"], 2, "exclude each other", "one of them"),
        (["--query", "x", "--top-k", "3", "--ratio", "2"], 2, "excludes a budget", "--top-k"),
        (["--query", "x", "--threshold", "high"], 2, "not a number", "auto"),
        (["--query", "x", "--model", "owner/model"], 3, "CTXZIP_OFFLINE", "hf download"),
        (["--query", "x", "--model", "nowhere"], 2, "unknown model", "known"),
    ],
)
def test_mistakes_are_one_line_and_one_hint(
    cli: Cli, file: Path, arguments: list[str], code: int, message: str, hint: str
) -> None:
    done = cli("compress", file, *arguments)
    lines = done.err.splitlines()
    assert (done.code, done.out, len(lines)) == (code, "", 2), done.err
    assert message in lines[0]
    assert hint in lines[1]


def test_the_cache_can_be_found_and_cleared(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTXZIP_CACHE", str(tmp_path / "kept"))
    assert cli("cache", "where").out.strip() == str(tmp_path / "kept")
    Cache(tmp_path / "kept").write("scores", "abc", [1])
    assert "MB freed" in cli("cache", "clear").out
    assert not (tmp_path / "kept").exists()


def test_a_json_list_is_one_text_where_nothing_is_asked(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "passages.json"
    path.write_text('[{"text": "One."}, {"text": "Two."}]')
    assert cli("count", path).code == 0
    assert cli("compress", path, "--tokens", "500").out == path.read_text()


def test_headings_that_introduce_nothing_can_be_shortened_too() -> None:
    text = "\n\n".join(f"# The {n}th long heading about lighthouses, harbours and their many keepers" for n in range(3))
    result = asked(text, tokens=22)
    assert 16 <= result.tokens_after <= 22
    assert is_subsequence(result.text, text)
