"""The reporting upstream in Python: internal/edge/edgetest/report.go says what it reports. It prints
the port for requests and the port at which the reports are taken."""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

reports = []
lock = threading.Lock()


def note(report):
    with lock:
        reports.append(report)


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def answer(self, what):
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Upstream(Quiet):
    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.report
        raise AttributeError(name)

    def report(self):
        url = urlsplit(self.path)
        made = {
            "method": self.command,
            "target": self.requestline.split()[1],
            "path": unquote(url.path),
            "query": url.query,
            "headers": [list(header) for header in self.headers.items()],
        }
        self.trailers = made["headers"]
        try:
            made["body"] = self.body().decode("latin-1")
        except (EOFError, ValueError) as error:
            note({**made, "broken": f"the body broke off: {error}"})
            self.close_connection = True
            return
        note(made)
        self.answer(made)

    # http.server leaves bodies to its user.
    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.exactly(int(self.headers.get("Content-Length", "0")))
        whole = b""
        while size := int(self.rfile.readline(), 16):
            whole += self.exactly(size)
            self.rfile.readline()
        while trailer := self.rfile.readline().strip():
            self.trailers.append(trailer.decode("latin-1").split(": ", 1))
        return whole

    def exactly(self, size):
        data = self.rfile.read(size)
        if len(data) < size:
            raise EOFError(f"{len(data)} bytes of {size}")
        return data

    def send_error(self, code, message=None, explain=None):
        note({"malformed": True, "broken": f"{code} {message}"})
        super().send_error(code, message, explain)


class Control(Quiet):
    def do_GET(self):
        global reports
        with lock:
            taken, reports = reports, []
        self.answer(taken)


def serve(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


print(serve(Upstream), serve(Control), flush=True)
sys.stdin.read()
os._exit(0)
