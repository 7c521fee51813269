"""A real mail server on loopback: forty lines of SMTP over a socket. It keeps what it gets, or refuses it."""

import socketserver
import threading
from email import message_from_bytes, policy


class Mailbox(socketserver.ThreadingTCPServer):
    """Listens on a port of its own. `refuse` is the answer to a recipient, for example "550 no such person"."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: list = []
        self.refuse = ""
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Talk(socketserver.StreamRequestHandler):
    """One conversation, as RFC 5321 has it."""

    def handle(self) -> None:
        self._say("220 loopback")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                self._say("354 go on")
                self._take()
            elif verb == "RCPT" and self.server.refuse:
                self._say(self.server.refuse)
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        self.server.mails.append(message_from_bytes(b"".join(lines), policy=policy.default))
        self._say("250 taken")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
