"""Answers every request with an empty object, as a gateway that is ready would."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers 200."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


HTTPServer(("127.0.0.1", int(os.environ["NEWSMILL_GATEWAY_PORT"])), Handler).serve_forever()
