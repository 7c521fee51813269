"""Visitors who send, read or leave slowly, at the server that `accord_clinic serve` starts, with no proxy before it."""

import os
import socket
import struct
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import pytest
from django.conf import settings

from accord_clinic.upkeep import serving, web_worker

pytestmark = pytest.mark.same_on_postgresql(reason="slow bodies meet the server before any row is read")

AT_ONCE = 40
"""Five times as many as there are threads."""
QUICK = 1.0
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
GET = b"GET /%s HTTP/1.1\r\nHost: localhost\r\nConnection: %s\r\n\r\n"


@pytest.fixture(scope="module")
def port():
    """Two workers with the arguments of `serve`, before an application that answers at once."""
    number = _a_free_port()
    command = ["tests.attack.echo" if part.startswith("accord_clinic.wsgi") else part for part in _command(number)]
    served = subprocess.Popen([sys.executable, "-m", *command], env={**os.environ, "PYTHONPATH": "src:."})
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                ask(number)
                break
            except OSError:
                time.sleep(0.1)
        yield number
    finally:
        served.terminate()
        served.wait(20)


def _command(number):
    return serving.web_command("127.0.0.1", number, 2)


def _a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(port, **options):
    connection = socket.socket()
    for option, value in options.items():
        connection.setsockopt(socket.SOL_SOCKET, getattr(socket, option), value)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", port))
    return connection


def answer(connection) -> bytes:
    whole = b""
    while piece := connection.recv(65536):
        whole += piece
    return whole


def ask(port, request=GET % (b"", b"close")) -> bytes:
    with connect(port) as connection:
        connection.sendall(request)
        return answer(connection)


@contextmanager
def many(port, first, number=AT_ONCE, **options):
    """So many connections that have sent this and send no more."""
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(port, **options)) for _ in range(number)]
        for connection in slow:
            connection.sendall(first)
        yield slow


def assert_quick(port):
    """Both workers answer: twenty visitors one after the other."""
    for _ in range(20):
        before = time.monotonic()
        assert ask(port).startswith(b"HTTP/1.1 200 ")
        assert time.monotonic() - before < QUICK


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"POST / HTT",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: y",
        HEAD % 900_000 + b"half of",
        HEAD % 5_000_000 + b"more than any page sends",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
        GET % (b"", b"keep-alive") + b"GET / HT",
    ],
    ids=["nothing", "first-line", "head", "body", "long-body", "chunked", "second-head"],
)
def test_who_sends_slowly_holds_nobody_up(port, first):
    with many(port, first):
        assert_quick(port)


def test_who_reads_slowly_holds_nobody_up(port):
    with many(port, GET % (b"long", b"close"), SO_RCVBUF=2048):
        time.sleep(0.2)
        assert_quick(port)


def test_who_does_not_hang_up_holds_nobody_up(port):
    with many(port, GET % (b"", b"close")):
        assert_quick(port)


def test_who_trickles_is_cut_and_makes_room(port):
    """Four hundred fit into two workers; whoever comes after them is answered all the same."""
    with many(port, b"G", number=2 * web_worker.MOST_WAITING + 100):
        assert_quick(port)


def test_a_body_that_comes_in_pieces_arrives_whole(port):
    body = bytes(range(256)) * 3000
    with connect(port) as connection:
        connection.sendall((HEAD % len(body)).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        for start in range(0, len(body), 50_000):
            time.sleep(0.01)
            connection.sendall(body[start : start + 50_000])
        assert answer(connection).split(b"\r\n\r\n", 1)[1] == body


def test_one_connection_takes_many_requests(port):
    with connect(port) as connection:
        for n in range(5):
            body = b"%d" % n * 9000
            connection.sendall(HEAD % len(body))
            connection.sendall(body)
            whole = b""
            while not whole.endswith(body):
                whole += connection.recv(65536)
            assert whole.startswith(b"HTTP/1.1 200 ")


def test_what_follows_a_request_is_never_taken_for_another(port):
    """Two in one piece: the first is answered and the connection ends, so nothing can be smuggled behind it."""
    said = ask(port, HEAD % 3 + b"one" + GET % (b"long", b"close"))
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.endswith(b"\r\n\r\none")


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 3\r\nContent-Length: 4", b"Content-Length: 3\r\nTransfer-Encoding: chunked",
        b"Content-Length: -3", b"Content-Length: +3", b"Content-Length: 3, 3", b"Content-Length: 0x3",
        b"Content-Length : 3", b"X: y\r\n Content-Length: 3",
    ],
)  # fmt: skip
def test_a_length_that_can_be_read_in_two_ways_is_refused(port, head):
    said = ask(port, b"POST / HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\none" + GET % (b"long", b"close"))
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"HTTP/1.1 ") == 1


def test_what_is_longer_than_a_page_sends_is_handed_over_unread():
    assert web_worker.LONGEST_BODY == settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def test_who_is_gone_before_the_answer_ends_no_worker(port):
    """Reset in the middle of each step: the loop goes on, and counts right."""
    for first in (GET % (b"long", b"keep-alive"), GET % (b"", b"close"), HEAD % 9 + b"half", b"", b"\r\n\r\n" * 9):
        for _ in range(30):
            connection = connect(port)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(first)
            connection.close()
    assert_quick(port)


def test_half_a_connection_gets_its_answer(port):
    """Who says that nothing more comes, and waits."""
    with connect(port) as connection:
        connection.sendall(GET % (b"long", b"close"))
        connection.shutdown(socket.SHUT_WR)
        assert len(answer(connection)) > 200_000
