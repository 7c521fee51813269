"""A mail server on loopback that takes its time: what it was handed over, by the id of each message."""

from __future__ import annotations

import socketserver
import threading
import time
from collections import Counter
from email import message_from_bytes


class Mailbox(socketserver.ThreadingTCPServer):
    """Keeps a mail once all of it has come, as a real server does, even if the sender dies before the reply."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, hesitates: float = 0.05) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.hesitates = hesitates
        self.taken: Counter[tuple[str, str]] = Counter()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def people(self) -> int:
        """How many people got a mail; each is told of one thing only here."""
        return len({to for to, _id in self.taken})

    def told_twice(self) -> int:
        """People who find two mails: two that differ in their id, for a mailbox shows two with the same id once."""
        return len(self.taken) - self.people()

    def handed_over_again(self) -> int:
        """Mails that came once more with the id that they had before."""
        return self.taken.total() - len(self.taken)


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        try:
            self._talk()
        except OSError:
            return

    def _talk(self) -> None:
        self._say("220 here")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say("354 go on")
                self._take()
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _take(self) -> None:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line)
        else:
            return
        mail = message_from_bytes(b"".join(lines))
        self.server.taken[mail["To"], mail["Message-ID"]] += 1
        time.sleep(self.server.hesitates)
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
