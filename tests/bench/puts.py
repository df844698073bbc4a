"""Bare PUTs: what a server can take, without any of the bridge's code."""

from __future__ import annotations

import base64
import http.client
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit


def put_rate(url: str, texts: Mapping[str, str], connections: int, auth: Sequence[str]) -> float:
    """How many new resources a second so many connections get into the collection at `url`. Raises RuntimeError."""
    left: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
    for name, text in texts.items():
        left.put((name, text.encode()))
    headers = {"Content-Type": "text/calendar; charset=utf-8", "If-None-Match": "*"}
    if auth:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
    wrong: list[str] = []
    workers = [threading.Thread(target=_puts, args=(url, left, headers, wrong)) for _ in range(connections)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if wrong:
        raise RuntimeError(f"{len(wrong)} PUTs were refused, the first one with {wrong[0]}")
    return len(texts) / (time.perf_counter() - started)


def _puts(url: str, left: queue.SimpleQueue[tuple[str, bytes]], headers: Mapping[str, str], wrong: list[str]) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    while True:
        try:
            name, body = left.get_nowait()
        except queue.Empty:
            connection.close()
            return
        status = _put(connection, parts.path + name, body, headers)
        if status in (423, 500):  # Xandikos, while git commits another one's
            left.put((name, body))
        elif status not in (200, 201, 204):
            wrong.append(str(status))


def _put(connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]) -> int:
    connection.request("PUT", path, body, dict(headers))
    answer = connection.getresponse()
    answer.read()
    return answer.status
