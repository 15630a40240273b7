"""Raw connections to a service, for what a client library would not send."""
import http.client

from checks import ServiceCase
from service import Answer


class Wire:
    """A raw connection and its responses, one after the other."""

    def __init__(self, service):
        self.socket = service.connect()
        self.file = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())
        return self

    def answer(self, head=False):
        """The next response, interim ones as well; None at the end of the connection."""
        line = self.file.readline()
        if not line:
            return None
        version, status = line.decode().split(" ", 2)[:2]
        headers = http.client.parse_headers(self.file)
        status = int(status)
        if head or status in (100, 204, 304):
            body = b""
        elif headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.file.readline(), 16):
                body += self.file.read(size)
                self.file.readline()
            self.file.readline()
        else:
            body = self.file.read(int(headers["Content-Length"]))
        assert version == "HTTP/1.1", line
        return Answer(status, headers, body)

    def close(self):
        self.file.close()
        self.socket.close()

    def is_closed(self, seconds=5):
        self.socket.settimeout(seconds)
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def post(body, path="/offers", headers=""):
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"{headers}\r\n").encode() + body


def get(path, headers="", method="GET", version="1.1"):
    return f"{method} {path} HTTP/{version}\r\nHost: x\r\n{headers}\r\n"


class WireCase(ServiceCase):
    """Tests that speak over raw connections."""

    def wire(self):
        wire = Wire(self.service)
        self.addCleanup(wire.close)
        return wire
