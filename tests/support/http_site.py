"""A web server on this machine that serves one file, and may break off in the middle."""

import http.server
import re
import threading
from functools import partial


class Server(http.server.BaseHTTPRequestHandler):
    """Answers one request to a site."""

    def __init__(self, site: 'Site', *args):
        self.site = site
        super().__init__(*args)

    def do_GET(self):
        site = self.site
        wanted = self.headers.get('Range')
        site.asked.append(wanted)
        if self.path not in site.paths:
            self.send_error(404)
            return
        start = int(re.fullmatch(r'bytes=(\d+)-', wanted)[1]) if wanted and site.ranges else 0
        if start >= len(site.content):
            self.send_response(416)
            self.send_header('Content-Range', f'bytes */{len(site.content)}')
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        body = site.content[start:]
        self.send_response(206 if start else 200)
        if start:
            last = len(site.content) - 1
            self.send_header('Content-Range', f'bytes {start}-{last}/{last + 1}')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        # Breaking off: less comes than was announced, and the connection closes.
        self.wfile.write(body[: site.breaks.pop(0)] if site.breaks else body)

    def log_message(self, *args):
        pass


class Site:
    """The server at ``url``; its one file is at ``/file.pth``, or at other ``paths``.

    Attributes:
        ranges: whether it can send the rest of the file.
        breaks: after how many bytes it breaks off, request by request.
        asked: the Range header of each request.
    """

    def __init__(self, content: bytes, *paths: str):
        self.paths = paths or ('/file.pth',)
        self.content, self.ranges, self.breaks, self.asked = content, True, [], []
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), partial(Server, self))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f'http://127.0.0.1:{self.server.server_port}'

    def __enter__(self) -> 'Site':
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
