"""Generators behind a URL, against real servers in this process: good ones, slow ones, broken ones."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import tiny_lm
from chat_server import serving
from laws import Cli
from writers import shorter, text_of, words_of

from ctxzip.errors import EndpointError, ModelUnavailable, UsageError
from ctxzip.models import endpoint_generator
from ctxzip.models.endpoint_generator import EndpointGenerator, is_loopback

TEXT = "The ferry leaves the northern harbour at 7:45 every morning and reaches the island after some forty minutes. "


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_generator, "PAUSES", (0.01, 0.02))
    for name in ("CTXZIP_API_KEY", "OPENAI_API_KEY", "CTXZIP_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)


def honest(body: dict[str, Any]) -> str:
    """Answer as a chat model that shortens would."""
    prompt = body["messages"][0]["content"]
    return shorter(text_of(prompt), words_of(prompt))


def tiny(body: dict[str, Any]) -> str:
    """Answer with what a tiny causal model makes of the prompt."""
    import torch

    model, tokenizer = tiny_lm.tiny(True)
    ids = tokenizer(body["messages"][0]["content"], return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        made = model.generate(ids, max_new_tokens=min(8, body["max_tokens"]), do_sample=False)
    return str(tokenizer.decode(made[0, ids.shape[1] :]))


def test_prompts_go_out_and_answers_come_back_in_order() -> None:
    with serving(lambda body: body["messages"][0]["content"].upper()) as server:
        generator = EndpointGenerator(server.url, "m")
        assert generator.generate([f"p{i}" for i in range(9)], [5] * 9) == [f"P{i}" for i in range(9)]
    sent = server.asked[0]
    assert (sent["model"], sent["temperature"], sent["max_tokens"], sent["stream"]) == ("m", 0, 5, False)


def test_a_lone_model_needs_no_name() -> None:
    with serving(lambda _: "yes") as server:
        generator = EndpointGenerator(server.url)
        generator.generate(["p"], [5])
        assert generator.name == f"tiny at {server.url}"


@pytest.mark.parametrize("trouble", ["500", "503", "429", "not json", "no choices", "truncated"])
def test_two_failures_are_forgiven(trouble: str) -> None:
    with serving(lambda _: "fine", trouble, times=2) as server:
        assert EndpointGenerator(server.url, "m").generate(["p"], [5]) == ["fine"]
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("trouble", "told", "tries"),
    [
        ("500", "HTTP 500", 3),
        ("not json", "not JSON", 3),
        ("no choices", "not a chat completion", 3),
        ("truncated", "broke off", 3),
        ("hang", "no answer within 0.3 s", 3),
        ("drip", "no answer within 0.3 s", 3),
        ("401", "HTTP 401", 1),
        ("404", "HTTP 404", 1),
        ("redirect", "HTTP 302", 1),
    ],
)
def test_lasting_trouble_is_told_with_what_was_tried(trouble: str, told: str, tries: int) -> None:
    with serving(lambda _: "fine", trouble) as server, pytest.raises(EndpointError) as failed:
        EndpointGenerator(server.url, "m", timeout=0.3).generate(["p"], [5])
    assert told in failed.value.message
    assert ("tried once" if tries == 1 else f"tried {tries} times") in failed.value.message
    assert server.url in failed.value.message
    assert failed.value.hint
    assert len(server.asked) == tries


def test_a_dead_endpoint_is_exit_4_and_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    file, target = tmp_path / "a.txt", tmp_path / "b.txt"
    file.write_text(TEXT * 12)
    arguments = ("--method", "scope", "--generator", "http://127.0.0.1:9/v1", "--generator-model", "m")
    done = cli("compress", file, *arguments, "-o", target, "--no-cache")
    assert done.code == 4
    assert done.out == ""
    assert not target.exists()
    assert [line.split(":")[0] for line in done.err.splitlines()] == ["error", "hint"]


def test_scope_runs_against_a_server(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(Path("docs/example.md").read_text())
    with serving(honest) as server:
        arguments = ("--method", "scope", "--generator", server.url, "--json", "--no-cache")
        report = json.loads(cli("compress", file, "--ratio", "2", *arguments).out)
    assert report["tokens_after"] <= report["limit"]
    assert report["model"] == f"tiny at {server.url}"
    assert server.asked


def test_a_language_model_behind_the_server_is_judged_like_any_other(cli: Cli) -> None:
    with serving(tiny) as server:
        arguments = ("--method", "scope", "--generator", server.url, "--json", "--no-cache", "--tokens", "60")
        report = json.loads(cli("compress", *arguments, stdin=(TEXT * 12).encode()).out)
    assert report["tokens_after"] <= 60
    assert "not rewritten because" in " ".join(report["notes"])


def test_answers_are_remembered(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTXZIP_CACHE", str(tmp_path / "cache"))
    with serving(honest) as server:
        arguments = ("--method", "scope", "--generator", server.url, "--generator-model", "m", "docs/example.md")
        first = cli("compress", *arguments).out
        asked = len(server.asked)
        from ctxzip.compressors import load

        load.cache_clear()
        assert cli("compress", *arguments).out == first
        assert len(server.asked) == asked > 0


def test_a_key_comes_from_the_environment_and_goes_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTXZIP_API_KEY", "sk-secret")
    with serving(lambda _: "fine", "401") as server, pytest.raises(EndpointError) as failed:
        EndpointGenerator(server.url, "m").generate(["p"], [5])
    assert server.keys == ["Bearer sk-secret"]
    assert "secret" not in failed.value.message + failed.value.hint
    monkeypatch.delenv("CTXZIP_API_KEY")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-open")
    monkeypatch.delenv("CTXZIP_OFFLINE")
    assert EndpointGenerator("http://192.0.2.1/v1", "m")._key is None
    assert EndpointGenerator("https://192.0.2.1/v1", "m")._key == "sk-open"


def test_a_password_in_the_url_is_in_no_message() -> None:
    generator = EndpointGenerator("http://user:hidden@127.0.0.1:9/v1", "m")
    assert "hidden" not in generator.name
    with pytest.raises(EndpointError) as failed:
        generator.generate(["p"], [5])
    assert "hidden" not in failed.value.message


def test_offline_leaves_this_machine_alone() -> None:
    EndpointGenerator("http://localhost:11434/v1", "m")
    with pytest.raises(ModelUnavailable, match="CTXZIP_OFFLINE"):
        EndpointGenerator("http://example.com/v1", "m")
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("localhost.example.com")


@pytest.mark.parametrize("url", ["http://", "http:///v1"])
def test_a_url_without_a_host_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="no URL"):
        EndpointGenerator(url, "m")


def test_an_interrupt_does_not_wait_for_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(endpoint_generator, "wait", interrupted)
    with serving(lambda _: "fine", "hang") as server:
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            EndpointGenerator(server.url, "m").generate(["p"] * 8, [5] * 8)
        assert time.monotonic() - began < 2


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "short.txt"
    with serving(lambda _: "fine", "hang") as server:
        command = [sys.executable, "-m", "ctxzip", "compress", "docs/example.md", "-o", str(target), "--no-cache"]
        arguments = ["--method", "scope", "--generator", server.url, "--generator-model", "m"]
        with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            while not server.asked and process.poll() is None:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == b""
    assert err.decode().strip() == "error: interrupted"
    assert list(tmp_path.iterdir()) == []
