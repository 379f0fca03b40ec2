"""A proxy that writes down what passes, and the plan that is in it.

The calls of an answer depend on each other: images are asked for when the
servers are known. Here a call depends on all those that were answered when it
began, unless it only waited for its turn: when as many calls to its service
were under way as may be, it depends on what those depend on. What is recorded
several times depends on what it depended on every time.
"""
import http.client
import http.server
import threading
import time
import urllib.parse

# As in src/cloud/request.rs.
PARALLEL_CALLS = 8


class Passed:
    """A call that passed, and when."""

    def __init__(self, method, url, microversion, began):
        self.method, self.url, self.microversion = method, url, microversion
        self.began = began
        self.ended = None
        self.bytes = 0

    def key(self):
        return self.method, self.url, self.microversion

    def service(self):
        """The endpoint that it was for: its host, port and first segment."""
        url = urllib.parse.urlsplit(self.url)
        return '%s/%s' % (url.netloc, url.path.split('/')[1])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    wbufsize = 1 << 20

    def setup(self):
        super().setup()
        self.upstream = {}

    def finish(self):
        super().finish()
        for connection in self.upstream.values():
            connection.close()

    def pass_on(self):
        passed = Passed(self.command, self.path,
                        self.headers.get('OpenStack-API-Version'),
                        time.monotonic())
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        url = urllib.parse.urlsplit(self.path)
        if url.netloc not in self.upstream:
            self.upstream[url.netloc] = http.client.HTTPConnection(url.netloc)
        connection = self.upstream[url.netloc]
        headers = {name: value for name, value in self.headers.items()
                   if not name.lower().startswith('proxy-')}
        target = urllib.parse.urlunsplit(('', '') + url[2:])
        connection.request(self.command, target, body or None, headers)
        response = connection.getresponse()
        content = response.read()
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in ('transfer-encoding', 'content-length',
                                    'connection', 'keep-alive'):
                self.send_header(name, value)
        if response.status not in (204, 304):
            self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(content)
        # Before the last byte is out, so that nothing it leads to is earlier.
        passed.ended = time.monotonic()
        passed.bytes = len(content)
        self.server.passed.append(passed)
        self.wfile.flush()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = pass_on

    def log_message(self, *_):
        pass


class Recorder(http.server.ThreadingHTTPServer):
    """The proxy, on a thread of its own."""
    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(('127.0.0.1', port), Handler)
        self.passed = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def environment(self):
        url = 'http://127.0.0.1:%d' % self.server_address[1]
        return {'HTTP_PROXY': url, 'http_proxy': url, 'NO_PROXY': '',
                'no_proxy': ''}

    def take(self):
        """What has passed since the last time."""
        passed, self.passed = self.passed, []
        return sorted(passed, key=lambda call: call.began)

    def handle_error(self, request, client_address):
        """A client that went away is none of ours."""


def waited_for(calls):
    """For each call, in the order in which they began, those it waited for."""
    waits = []
    for place, call in enumerate(calls):
        alike = [other for other in range(place)
                 if calls[other].service() == call.service()
                 and calls[other].ended > call.began]
        if len(alike) >= PARALLEL_CALLS - 1:
            waits.append(waits[alike[-1]])
        else:
            waits.append({other for other in range(place)
                          if calls[other].ended <= call.began})
    return waits


def plan(recordings):
    """The calls, and for each the places of those that it waits for."""
    first, *others = recordings
    waits = waited_for(first)
    for other in others:
        if sorted(map(Passed.key, other), key=str) != sorted(
                map(Passed.key, first), key=str):
            continue
        waits = both(first, waits, other, waited_for(other))
    return [{'url': call.url, 'service': call.service(),
             'microversion': call.microversion, 'after': sorted(waits[place])}
            for place, call in enumerate(first)]


def both(calls, waits, others, their_waits):
    """The waits of the first recording that are in the other one too."""
    # The same call may be there twice: its places in order.
    places = {}
    for place, call in enumerate(calls):
        places.setdefault(call.key(), []).append(place)
    names = {}
    for other, call in enumerate(others):
        names[other] = places[call.key()].pop(0)
    theirs = {names[other]: {names[earlier] for earlier in their_waits[other]}
              for other in names}
    return [wait & theirs[place] for place, wait in enumerate(waits)]


def depth(plan):
    """How many calls, at most, wait for each other in a row."""
    depths = []
    for call in plan:
        depths.append(1 + max((depths[place] for place in call['after']),
                              default=0))
    return max(depths, default=0)
