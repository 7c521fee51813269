"""The web server's worker: a request is read whole before it takes a thread, so that a slow visitor holds nobody up.

gunicorn's own worker reads heads and bodies inside its few threads, and waits on its one loop for visitors who do not
hang up: ten slow ones stop it. Here the loop reads what arrives, from all at once, and a thread gets a request that is
in memory. A body longer than any page sends is handed over unread, and refused.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

RECEIVE_WITHIN = 20.0
"""Seconds for a whole request, as in the examples for a proxy: 1 MB in 20 s is a slow phone; more lets many gather."""
SEND_WITHIN = 30.0
"""Seconds for each piece of an answer. Pages fit into the buffer below, so that only copies and files come near it."""
HANG_UP_WITHIN = 2.0
"""Seconds for the visitor to have read the last answer and hang up, before the connection is cut."""
MOST_WAITING = 200
"""Unfinished requests at once, a worker: the oldest makes room. 200 times 1 MB is what a small machine can spare. As
many may take their time to hang up, and half as many are kept open: together fewer than `--worker-connections`."""
LONGEST_HEAD = 64 * 1024
LONGEST_BODY = 1_000_000
"""As `settings.DATA_UPLOAD_MAX_MEMORY_SIZE`; gunicorn loads this before Django has its settings."""
SEND_BUFFER = 256 * 1024
"""The kernel takes a whole page at once. Without it a visitor who reads a byte at a time would hold a thread."""
PIECE = 64 * 1024

LENGTHS = re.compile(rb"\r\ncontent-length:[ \t]*([^\r\n]*)", re.IGNORECASE)
ENCODED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)


class Visitor(TConn):
    """One visitor with a connection, and what has arrived of the next request."""

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.received = bytearray()
        self.is_last = False
        self.data_ready = True  # handed to a thread only when a request is whole

    def init(self) -> None:
        """Called in the thread, before the request is parsed: it is read from memory."""
        self.sock.settimeout(SEND_WITHIN)
        self.parser = RequestParser(self.cfg, iter([bytes(self.received)]), self.client)
        self.received.clear()

    def has_whole_request(self) -> bool:
        """Whether a thread can take it: it is whole, or will be refused unread. Then no other follows it."""
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            self.is_last = len(self.received) > LONGEST_HEAD
            return self.is_last
        length = _length(bytes(self.received[:end]))
        if length is None or length > LONGEST_BODY:
            self.is_last = True
            return True
        whole = end + 4 + length
        # Two requests sent together: browsers never do. The first is answered, and the second asked for again.
        self.is_last = len(self.received) > whole
        del self.received[whole:]
        return len(self.received) == whole


def _length(head: bytes) -> int | None:
    """How long the body is that follows; `None` where the head does not say it in the one plain way."""
    lengths = LENGTHS.findall(head)
    if ENCODED.search(head) or len(lengths) > 1:
        return None
    if not lengths:
        return 0
    text = lengths[0].strip()
    return int(text) if text.isdigit() and len(text) < 10 else None


class WholeRequestWorker(ThreadWorker):
    """gunicorn's threads behind a loop that reads requests and waits for visitors to hang up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leaving: deque[Visitor] = deque()
        self.max_keepalived = MOST_WAITING // 2

    def accept(self, listener: socket.socket) -> None:
        try:
            sock, client = listener.accept()
            visitor = Visitor(self.cfg, sock, client, listener.getsockname())
        except OSError:  # gone again, or another worker was faster
            return
        self.nr_conns += 1
        self._await_request(visitor)

    def on_client_socket_readable(self, conn: Visitor, client: socket.socket) -> None:
        """The next request on a connection that was kept open begins."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn)

    def finish_request(self, conn: Visitor, fs: Future[Any]) -> None:
        """A thread has answered."""
        if fs.cancelled() or fs.exception() or not fs.result():
            self._let_go(conn)
            return
        conn.set_timeout()
        if not self.alive:
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
        try:
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))
        except (OSError, ValueError):  # an error here would end the worker, and with it every visitor's request
            self._cut(conn)
        else:
            self.keepalived_conns.append(conn)

    def _keepalive_after(self, conn: Visitor, keepalive: bool) -> bool:
        return keepalive and not conn.is_last and super()._keepalive_after(conn, keepalive)

    def _await_request(self, conn: Visitor) -> None:
        if len(self.pending_conns) >= MOST_WAITING:
            self._cut(self.pending_conns.popleft())
        conn.timeout = time.monotonic() + RECEIVE_WITHIN
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._receive, conn))

    def _receive(self, conn: Visitor, _socket: socket.socket) -> None:
        if conn.sock.fileno() < 0:  # cut to make room, in this very round
            return
        piece = _read(conn.sock)
        if piece is None:
            return
        conn.received += piece
        if piece and not conn.has_whole_request():
            return
        self.pending_conns.remove(conn)
        if piece:
            self.poller.unregister(conn.sock)
            self.enqueue_req(conn)
        else:
            self._cut(conn)

    def _let_go(self, conn: Visitor) -> None:
        """Say that nothing more comes, and wait without a thread until the visitor has hung up.

        Cut at once, what the visitor is still sending would take the end of the answer with it.
        """
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._await_end, conn))
        except (OSError, ValueError):
            self.nr_conns -= 1
            conn.close()
            return
        if len(self.leaving) >= MOST_WAITING:
            self._cut(self.leaving.popleft())
        conn.timeout = time.monotonic() + HANG_UP_WITHIN
        self.leaving.append(conn)

    def _await_end(self, conn: Visitor, _socket: socket.socket) -> None:
        if conn.sock.fileno() >= 0 and _read(conn.sock) == b"":
            self.leaving.remove(conn)
            self._cut(conn)

    def murder_pending(self) -> None:
        """Cut what took too long: to be sent, or to hang up. Called by gunicorn at least once a second."""
        for waiting in (self.pending_conns, self.leaving):
            while waiting and waiting[0].timeout <= time.monotonic():
                self._cut(waiting.popleft())

    def _cap_keepalive(self, deadline: float) -> None:
        """The worker stops: whoever has not sent a request by then is cut."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

    def _cut(self, conn: Visitor) -> None:
        with suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()


def _read(sock: socket.socket) -> bytes | None:
    """What has arrived; nothing at the end; `None` while nothing has."""
    try:
        return sock.recv(PIECE)
    except (BlockingIOError, InterruptedError):
        return None
    except OSError:
        return b""
