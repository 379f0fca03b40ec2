#!/usr/bin/env python3
"""How long small questions wait beside a large one.

On a simulated cloud of 10,000 servers, a health check of the process, a ping
over MCP and a page of three servers are asked in turn: first alone, then while
another caller asks for all servers with everything joined, again and again.
Prints the median and the 99th percentile of each.
"""
import argparse
import http.client
import json
import os
import threading
import time

import clouds
import contestants

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.normpath(os.path.join(HERE, '../../target/release'))
PAGE = '{ servers(first: 3, fresh: true) { nodes { id name status } } }'
PING = {'jsonrpc': '2.0', 'id': 1, 'method': 'ping'}


class Caller:
    """One connection, kept."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection('127.0.0.1', port,
                                                     timeout=600)

    def send(self, method, path, body=None):
        headers = {'Content-Type': 'application/json',
                   'Accept': 'application/json, text/event-stream'}
        self.connection.request(method, path,
                                body and json.dumps(body), headers)
        response = self.connection.getresponse()
        content = response.read()
        if response.status != 200 or b'"errors":[' in content:
            raise contestants.Failed(content[:300])
        return content


SMALL = {
    'GET /healthz': ('GET', '/healthz', None),
    'ping over MCP': ('POST', '/mcp', PING),
    'three servers, asked of Nova': ('POST', '/graphql', {'query': PAGE}),
}


def small_times(port, seconds):
    caller = Caller(port)
    times = {name: [] for name in SMALL}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, request in SMALL.items():
            began = time.monotonic()
            caller.send(*request)
            times[name].append((time.monotonic() - began) * 1000)
            time.sleep(0.005)
    return times


def percentile(times, share):
    times = sorted(times)
    return times[min(len(times) - 1, int(len(times) * share))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--ours', default=os.path.join(
        TARGET, 'mcp-openstack-ops'))
    parser.add_argument('--servers', type=int, default=10000)
    parser.add_argument('--seconds', type=float, default=30)
    parser.add_argument('--latency', type=int, default=20)
    options = parser.parse_args()
    options.limit, options.originals, options.client = 600, {}, None
    ports = range(18700, 18800)
    cloud = clouds.Simulated(options.ours, options.servers, ports)
    server = None
    try:
        cloud.set_latency(options.latency)
        field = contestants.Field(options, ports)
        server = field.start('graphql cold', cloud)
        port = server.connection.port
        with open(os.path.join(HERE, 'questions', 'joined.graphql')) as file:
            joined = {'query': file.read()}
        Caller(port).send('POST', '/graphql', {'query': PAGE})
        alone = small_times(port, options.seconds)
        asked, stop = [], threading.Event()

        def ask_all():
            caller = Caller(port)
            while not stop.is_set():
                began = time.monotonic()
                caller.send('POST', '/graphql', joined)
                asked.append(time.monotonic() - began)

        heavy = threading.Thread(target=ask_all)
        heavy.start()
        beside = small_times(port, options.seconds)
        stop.set()
        heavy.join()
    finally:
        if server:
            server.stop()
        cloud.stop()
    print('All %d servers joined, %d ms a call: asked %d times, %.1f s each.'
          % (options.servers, options.latency, len(asked),
             sum(asked) / len(asked)))
    print('| ms | alone: median | 99th | beside it: median | 99th | asked |')
    print('| --- | ---: | ---: | ---: | ---: | ---: |')
    for name in SMALL:
        print('| %s | %.1f | %.1f | %.1f | %.1f | %d |' % (
            name, percentile(alone[name], 0.5), percentile(alone[name], 0.99),
            percentile(beside[name], 0.5), percentile(beside[name], 0.99),
            len(beside[name])))


if __name__ == '__main__':
    main()
