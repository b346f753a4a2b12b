"""A real OpenAI-compatible server on this machine, around any answer, and its misbehaving sisters."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], str]


class Server(ThreadingHTTPServer):
    """Answers completions, after as many troubled answers as it was told to give; remembers what it was asked."""

    daemon_threads = True

    def __init__(self, answer: Answer, trouble: str, times: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.trouble = trouble
        self.left = times if trouble else 0
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, *_: Any) -> None:
        """Say nothing of clients that went away."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.send(200, json.dumps({"data": [{"id": "tiny"}]}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        self.server.keys.append(self.headers.get("Authorization"))
        if self.server.left > 0:
            self.server.left -= 1
            TROUBLES.get(self.server.trouble, status)(self)
        else:
            self.send(200, completion(self.server.answer(body)))

    def send(self, code: int, data: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def completion(text: str) -> bytes:
    """Return the body of a chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return json.dumps({"object": "chat.completion", "choices": [choice]}).encode()


def status(handler: Handler) -> None:
    handler.send(int(handler.server.trouble), b'{"error": "no"}')


def drip(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(15):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


TROUBLES: dict[str, Callable[[Handler], None]] = {
    "hang": lambda handler: time.sleep(1.5),
    "drip": drip,
    "not json": lambda handler: handler.send(200, b"<html>welcome</html>"),
    "no choices": lambda handler: handler.send(200, b'{"choices": []}'),
    "truncated": lambda handler: handler.send(200, completion("never arrives"), **{"Content-Length": "10000"}),
    "redirect": lambda handler: handler.send(302, b"", Location="http://127.0.0.1:9/elsewhere"),
}


@contextmanager
def serving(answer: Answer, trouble: str = "", *, times: int = 10**6) -> Iterator[Server]:
    """Serve completions by `answer`; the first `times` requests meet `trouble` instead."""
    server = Server(answer, trouble, times)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
