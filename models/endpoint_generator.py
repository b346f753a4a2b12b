"""Text from any server with OpenAI's chat completions: Ollama, vLLM, llama.cpp, or somebody else's machine."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from ctxzip.errors import EndpointError, ModelUnavailable, UsageError
from ctxzip.models.prompts import Style
from ctxzip.models.store import offline

TRIES = 3
PAUSES = (0.5, 2.0)
"""Seconds before the second and the third try; a server may ask for up to `LONGEST_PAUSE`."""
LONGEST_PAUSE = 20.0
TIMEOUT = 120.0
"""Seconds for one whole answer; `CTXZIP_TIMEOUT` sets another number."""
AT_ONCE = 4
"""Requests that are under way at the same time."""
LARGEST = 8_000_000
"""Bytes of an answer; more is no answer to what was asked."""
LONGEST = 2048
"""Tokens of a prompt: servers seldom say what they take, and small ones often take no more than twice this."""
AGAIN = (408, 409, 425, 429)
"""Statuses that are worth another try, besides those of a failing server."""
PORTION = 65_536


class _Failed(Exception):
    """One try that failed: why, and how long the server wants us to wait, None for no more tries."""

    def __init__(self, why: str, pause: float | None = 0.0) -> None:
        super().__init__(why)
        self.why = why
        self.pause = pause


class _NoRedirect(HTTPRedirectHandler):
    """Redirects are refused: a key goes to the server that was named, and to no other."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


class EndpointGenerator:
    """A chat model behind a URL, asked for its likeliest answer."""

    style = Style.INSTRUCT
    longest = LONGEST

    def __init__(self, url: str, model: str | None = None, *, timeout: float | None = None) -> None:
        """Use the model `model` at `url`, for example `http://localhost:11434/v1`; one that is alone needs no name.

        The key comes from `CTXZIP_API_KEY`, or from `OPENAI_API_KEY` where nobody else can read it on its way.
        Raises `ModelUnavailable` for a server elsewhere when `CTXZIP_OFFLINE` forbids the network.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"--generator {url!r} is no URL", hint="for example http://localhost:11434/v1")
        self._local = is_loopback(parts.hostname)
        self._base = base_of(url)
        if offline() and not self._local:
            raise ModelUnavailable(
                f"CTXZIP_OFFLINE forbids the endpoint {self._base}",
                hint="unset CTXZIP_OFFLINE, or name an endpoint on this machine",
            )
        self._timeout = timeout or _seconds()
        self._key = os.environ.get("CTXZIP_API_KEY") or (
            os.environ.get("OPENAI_API_KEY") if self._local or parts.scheme == "https" else None
        )
        handlers = [_NoRedirect(), *([ProxyHandler({})] if self._local else [])]
        self._opener: OpenerDirector = build_opener(*handlers)
        self._model = model

    @property
    def name(self) -> str:
        """Return the model and where it is."""
        return f"{self._model or 'model'} at {self._base}"

    @property
    def identity(self) -> str:
        """Return the server and the model, which is all that is known of it."""
        return f"{self._base}|{self._named()}"

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return a careful estimate: nobody knows the server's tokenizer."""
        return [len(text.encode()) // 3 + 1 for text in texts]

    def generate(self, prompts: Sequence[str], max_tokens: Sequence[int]) -> list[str]:
        """Return the answer to every prompt, a few at a time.

        Raises `EndpointError` once a request failed for good; what is under way is given up.
        """
        model = self._named()
        pool = ThreadPoolExecutor(AT_ONCE)
        jobs = [pool.submit(self._answer, model, p, n) for p, n in zip(prompts, max_tokens, strict=True)]
        try:
            pending = set(jobs)
            while pending:
                done, pending = wait(pending, timeout=0.5, return_when=FIRST_EXCEPTION)
                for job in done:
                    job.result()
            return [job.result() for job in jobs]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _named(self) -> str:
        """Return the model that was asked for, or the only one there is."""
        if self._model is None:
            listed = self._asked("GET", "/models", None)
            rows = listed.get("data")
            names = [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row] if rows else []
            if len(names) != 1:
                known = f"{len(names)} models: {', '.join(names[:5])}" if names else "no model"
                raise UsageError(f"{self._base} offers {known}", hint="say which one with --generator-model NAME")
            self._model = names[0]
        return self._model

    def _answer(self, model: str, prompt: str, max_tokens: int) -> str:
        body = {
            "model": model,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": max_tokens,
            "temperature": 0,
            "seed": 0,
            "stream": False,
        }
        answer = self._asked("POST", "/chat/completions", body)
        return str(answer["choices"][0]["message"].get("content") or "")

    def _asked(self, verb: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        """Return the JSON that the server answers with, after up to `TRIES` tries."""
        failures: list[str] = []
        for attempt in range(TRIES):
            try:
                return self._tried(verb, path, body)
            except _Failed as failed:
                failures.append(failed.why)
                if failed.pause is None:
                    break
                if attempt + 1 < TRIES:
                    time.sleep(min(LONGEST_PAUSE, max(failed.pause, PAUSES[attempt])))
        times = f"tried {len(failures)} times" if len(failures) > 1 else "tried once"
        raise EndpointError(
            f"{verb} {self._base}{path} failed: {failures[-1]} ({times})", hint=self._advice(failures[-1])
        )

    def _tried(self, verb: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        data = json.dumps(body).encode() if body is not None else None
        request = Request(self._base + path, data=data, headers=headers, method=verb)
        deadline = time.monotonic() + self._timeout
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                return _checked(_read(response, deadline, self._timeout), path)
        except HTTPError as error:
            raise _Failed(*_refusal(error)) from None
        except TimeoutError:
            raise _Failed(f"no answer within {self._timeout:g} s") from None
        except URLError as error:
            slow = isinstance(error.reason, TimeoutError)
            raise _Failed(f"no answer within {self._timeout:g} s" if slow else _plain(error.reason)) from None
        except (HTTPException, OSError) as error:
            raise _Failed(_plain(error)) from None

    def _advice(self, why: str) -> str:
        if "401" in why or "403" in why:
            return "put the key into CTXZIP_API_KEY"
        if "404" in why or "405" in why or "400" in why:
            return "check the URL, which usually ends in /v1, and --generator-model"
        if "no answer within" in why:
            return "give it longer with CTXZIP_TIMEOUT=600, or choose a smaller model"
        return "check that the server runs; --generator none works without one"


def base_of(url: str) -> str:
    """Return `url` as messages and requests use it: without user, password and query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine by its name or address alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _seconds() -> float:
    asked = os.environ.get("CTXZIP_TIMEOUT", "")
    try:
        return max(0.1, float(asked)) if asked else TIMEOUT
    except ValueError:
        raise UsageError(f"CTXZIP_TIMEOUT={asked!r} is not a number of seconds", hint="for example 300") from None


def _read(response: HTTPResponse, deadline: float, seconds: float) -> bytes:
    """Return the whole body, unless it takes too long or never ends."""
    parts, size = [], 0
    while portion := response.read1(PORTION):
        parts.append(portion)
        size += len(portion)
        if size > LARGEST:
            raise _Failed("an answer without end", None)
        if time.monotonic() > deadline:
            raise _Failed(f"no answer within {seconds:g} s")
    announced = response.headers.get("Content-Length")
    if announced and announced.isdigit() and size < int(announced):
        raise _Failed(f"the answer broke off after {size} of {announced} bytes")
    return b"".join(parts)


def _checked(data: bytes, path: str) -> dict[str, Any]:
    """Return the body as the object that `path` is specified to answer with."""
    try:
        found = json.loads(data)
    except ValueError:
        raise _Failed("the answer is not JSON") from None
    if path == "/models":
        return found if isinstance(found, dict) else {}
    try:
        message = found["choices"][0]["message"]
        good = isinstance(message.get("content"), str | None)
    except (KeyError, IndexError, TypeError, AttributeError):
        good = False
    if not good:
        raise _Failed("the answer is not a chat completion", 0.0)
    whole: dict[str, Any] = found
    return whole


def _refusal(error: HTTPError) -> tuple[str, float | None]:
    """Return what the server said instead of an answer, and how long to wait before asking again."""
    why = f"HTTP {error.code} {error.reason}".strip()
    if error.code not in AGAIN and error.code < 500:
        return why, None
    asked = error.headers.get("Retry-After", "") if error.headers else ""
    return why, float(asked) if asked.replace(".", "", 1).isdigit() else 0.0


def _plain(reason: object) -> str:
    """Return an error of the network in words."""
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return str(text)
