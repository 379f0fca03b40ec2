#!/usr/bin/env python3
"""A soak: as much as the clients can ask, for minutes, while something breaks every few seconds.

Two replicas (with a store between them, where redis-server is installed) stand over a simulated cloud.
What they say is compared with what they said before anything broke: a value is the same, or it is null
and an error says why. After each fault the answers have to be whole again within five seconds. Memory
is looked at all the while. Beside it servers come and go, made and deleted through the replicas.

    cargo build --release && python3 benches/soak.py --minutes 10

Its exit status is 0 when nothing was wrong, no recovery took longer, and memory stayed.
"""

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path

RECOVERY = 5.0
HOLD = 2.0
QUESTIONS = {
    "servers": "{ servers(first: 20, orderBy: {field: NAME}) { nodes { id name status flavor { name } image { name } ports { nodes { id } } } } }",
    "networks": "{ networks(first: 20, orderBy: {field: NAME}) { nodes { id name subnets { nodes { cidr } } } } }",
    "volumes": "{ volumes(first: 20, orderBy: {field: NAME}) { nodes { id name sizeGib } } }",
    "images": "{ images(first: 20, orderBy: {field: NAME}) { nodes { id name } } }",
    "counts": "{ volumes(first: 1) { totalCount } projects(all: true) { totalCount } }",
}
# Where a name stands in an order, no churn is to be seen: it comes last.
CHURN_CREATE = """mutation { serverCreate(input: {name: "zz-churn-%d", flavor: "%s", image: "%s", networks: ["%s"]}) {
    server { id } userErrors { code message } } }"""
CHURN_DELETE = """mutation { serverDelete(server: "%s") { userErrors { code message } } }"""
CHURN_KEPT = 10


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(options, Path(folder))
        try:
            run.start()
            return run.soak()
        finally:
            run.stop()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default="target/release/mcp-openstack-ops")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--servers", type=int, default=200)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--every", type=float, default=8, help="seconds from one fault to the next")
    parser.add_argument("--port", type=int, default=18450, help="the first of four ports")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


class Run:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.random = random.Random(options.seed)
        self.cloud_port, self.store_port = options.port, options.port + 1
        self.ports = [options.port + 2, options.port + 3]
        self.cloud = self.store = None
        self.replicas = {}
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.counts, self.wrong, self.bad, self.memory = Counter(), [], [], []
        self.churned, self.refusal = Counter(), None
        self.down = set()

    def start(self):
        self.cloud = self.spawn(
            ["simulate", "--port", str(self.cloud_port), "--servers", str(self.options.servers),
             "--clouds-yaml", str(self.folder / "clouds.yaml")], {}, "cloud")
        wait_for(self.cloud_port)
        if shutil.which("redis-server"):
            self.start_store()
        else:
            print("redis-server is not installed: the replicas share nothing")
        for port in self.ports:
            self.start_replica(port)
        self.truth = {}
        for query in self.questions():
            status, body = ask(self.ports[0], query)
            assert status == 200 and "errors" not in body, body
            self.truth[query] = body["data"]
        kinds = "{ flavors(orderBy: {field: RAM}) { nodes { id diskGib } } images(filter: {status: ACTIVE}, first: 1) { nodes { id } } networks(filter: {isShared: true}, first: 1) { nodes { id } } }"
        status, body = ask(self.ports[0], kinds)
        assert status == 200 and "errors" not in body, body
        roomy = (flavor for flavor in body["data"]["flavors"]["nodes"] if flavor["diskGib"] >= 10)
        images, networks = (body["data"][kind]["nodes"] for kind in ("images", "networks"))
        self.parts = next(roomy)["id"], images[0]["id"], networks[0]["id"]

    def questions(self):
        yield from QUESTIONS.values()
        status, body = ask(self.ports[0], "{ servers(first: 40) { nodes { id } } }")
        assert status == 200 and "errors" not in body, body
        for node in body["data"]["servers"]["nodes"]:
            yield '{ server(id: "%s") { id name status host ports { nodes { id } } volumes { nodes { id } } } }' % node["id"]

    def spawn(self, flags, variables, name):
        log = open(self.folder / f"{name}.log", "ab")
        environment = {"HOME": str(self.folder), "PATH": os.environ["PATH"], **variables}
        return subprocess.Popen([str(Path(self.options.binary).resolve()), *flags], cwd=self.folder,
                                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start_store(self):
        self.store = subprocess.Popen(
            ["redis-server", "--port", str(self.store_port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", str(self.folder)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.store_port)

    def start_replica(self, port):
        variables = {"OS_CLOUD": "simulated", "CACHE_TTL": "1s", "REQUEST_TIMEOUT": "5s",
                     "ALLOW_MODIFY_OPERATIONS": "true"}
        if self.store:
            variables["CACHE_URL"] = f"redis://127.0.0.1:{self.store_port}"
            variables["CACHE_SECRET_KEY"] = "0123456789abcdef0123456789abcdef"
        flags = ["--type", "streamable-http", "--port", str(port)]
        self.replicas[port] = self.spawn(flags, variables, f"replica-{port}")
        wait_for(port)

    def soak(self):
        threads = [threading.Thread(target=self.work, args=(number,)) for number in range(self.options.workers)]
        threads.append(threading.Thread(target=self.watch_memory))
        threads.append(threading.Thread(target=self.churn))
        for thread in threads:
            thread.start()
        began, faults, recoveries = time.monotonic(), self.faults(), []
        end = began + self.options.minutes * 60
        time.sleep(min(5, self.options.minutes * 10))
        while time.monotonic() + HOLD + RECOVERY < end:
            name, begin, mend = next(faults)
            self.clear_bad()
            begin()
            time.sleep(HOLD)
            mend()
            mended = time.monotonic()
            time.sleep(max(RECOVERY + 0.5, self.options.every - HOLD))
            last = max((when for when, _ in self.bad), default=mended)
            recoveries.append((name, max(0.0, last - mended), len(self.bad)))
            print(f"{time.monotonic() - began:6.0f} s  {name:28} recovered after "
                  f"{recoveries[-1][1]:.2f} s, {len(self.bad)} answers were not whole", flush=True)
        self.stopping.set()
        for thread in threads:
            thread.join()
        return self.report(time.monotonic() - began, recoveries)

    def faults(self):
        services = ["compute", "network", "block-storage", "image", "placement", "identity"]
        while True:
            for service in services:
                yield self.service_down(service)
            yield ("token revoked", lambda: self.spoil({"service": "compute", "fault": "unauthorized", "times": 3}), self.heal)
            yield ("everything slow", lambda: self.spoil({"fault": {"slow": {"milliseconds": 300}}}), self.heal)
            if self.store:
                yield ("store killed", self.store_kill, self.start_store)
            port = self.random.choice(self.ports)
            yield ("replica killed", lambda: self.kill_replica(port), lambda: self.mend_replica(port))

    def service_down(self, service):
        fault = {"service": service, "fault": "down"}
        return (f"{service} down", lambda: self.spoil(fault), self.heal)

    def spoil(self, rule):
        self.control("POST", rule)

    def heal(self):
        self.control("DELETE", None)

    def control(self, method, body):
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.cloud_port}/simulator/faults"
        urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=5).read()

    def store_kill(self):
        self.store.kill()
        self.store.wait()

    def kill_replica(self, port):
        self.down.add(port)
        self.replicas[port].kill()
        self.replicas[port].wait()

    def mend_replica(self, port):
        self.start_replica(port)
        self.down.discard(port)

    def work(self, number):
        chance, connections = random.Random(self.options.seed * 100 + number), {}
        queries = list(self.truth)
        while not self.stopping.is_set():
            port, query = chance.choice(self.ports), chance.choice(queries)
            if port in self.down:
                port = next((other for other in self.ports if other not in self.down), port)
            try:
                if port not in connections:
                    connections[port] = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
                status, body = send(connections[port], query)
            except (OSError, http.client.HTTPException, ValueError):
                connections.pop(port, None)
                # Whoever balances takes a dead replica out; what was under way on it is lost.
                kind = "lost" if port in self.down else "unreachable"
            else:
                kind = self.judge(query, status, body)
            with self.lock:
                self.counts[kind] += 1
                if kind not in ("right", "lost"):
                    self.bad.append((time.monotonic(), kind))

    def churn(self):
        """Servers come and go; what cannot be done while something is broken is not done."""
        made, number = [], 0
        while not self.stopping.wait(0.1):
            number += 1
            delete = len(made) >= CHURN_KEPT
            query = CHURN_DELETE % made[0] if delete else CHURN_CREATE % (number, *self.parts)
            port = next(port for port in self.ports if port not in self.down)
            try:
                _, body = ask(port, query)
            except (OSError, http.client.HTTPException, ValueError):
                self.churned["lost"] += 1
                continue
            payload = next(iter((body.get("data") or {}).values()), None)
            if not payload or payload["userErrors"]:
                # A delete whose answer was lost may have been done.
                gone = payload and payload["userErrors"][0]["code"] in ("NOT_FOUND", "OUTCOME_UNKNOWN")
                self.churned["refused"] += 1
                self.refusal = self.refusal or body
                made = made[1:] if delete and gone else made
            elif delete:
                made.pop(0)
                self.churned["deleted"] += 1
            else:
                made.append(payload["server"]["id"])
                self.churned["created"] += 1

    def judge(self, query, status, body):
        if status != 200:
            return f"status {status}"
        problem = differs(self.truth[query], body.get("data"), bool(body.get("errors")))
        if problem:
            with self.lock:
                self.wrong.append((query, problem, body))
            return "wrong"
        return "partial" if body.get("errors") else "right"

    def clear_bad(self):
        with self.lock:
            self.bad = []

    def watch_memory(self):
        while not self.stopping.wait(1.0):
            sizes = [resident(replica.pid) for replica in self.replicas.values()]
            self.memory.append(max((size for size in sizes if size), default=0.0))

    def report(self, took, recoveries):
        total = sum(self.counts.values())
        print(f"\n{total} answers in {took:.0f} s, {total / took:.0f} a second: {dict(self.counts)}")
        print(f"beside them: {dict(self.churned)}")
        for query, problem, body in self.wrong[:5]:
            print(f"WRONG {query}\n  {problem}\n  {json.dumps(body)[:400]}")
        slow = [(name, after) for name, after, _ in recoveries if after > RECOVERY]
        for name, after in slow:
            print(f"SLOW  {name}: {after:.1f} s")
        fifth = max(1, len(self.memory) // 5)
        early, late = statistics.median(self.memory[fifth:2 * fifth] or [0]), statistics.median(self.memory[-fifth:])
        print(f"memory of the larger replica: {early:.0f} MiB early, {late:.0f} MiB late, {max(self.memory):.0f} MiB at most")
        grows = late > early * 1.25 + 8
        if grows:
            print("GROWS")
        print(f"the longest recovery took {max((after for _, after, _ in recoveries), default=0):.2f} s")
        idle = not self.churned["deleted"]
        if idle:
            print(f"NO CHURN: {json.dumps(self.refusal)[:400]}")
        return 1 if self.wrong or slow or grows or idle else 0

    def stop(self):
        self.stopping.set()
        for process in [*self.replicas.values(), self.cloud, self.store]:
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in [*self.replicas.values(), self.cloud, self.store]:
            if process:
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()


def differs(expected, told, may_be_null, path=""):
    """Where an answer says something else than before; a null beside an error says nothing."""
    if told is None and expected is not None and may_be_null:
        return None
    if isinstance(expected, dict) and isinstance(told, dict):
        if expected.keys() != told.keys():
            return f"{path}: other fields"
        problems = (differs(expected[key], told[key], may_be_null, f"{path}.{key}") for key in expected)
        return next((problem for problem in problems if problem), None)
    if isinstance(expected, list) and isinstance(told, list):
        if len(expected) != len(told):
            return f"{path}: {len(told)} instead of {len(expected)}"
        problems = (differs(a, b, may_be_null, f"{path}[{place}]") for place, (a, b) in enumerate(zip(expected, told)))
        return next((problem for problem in problems if problem), None)
    return None if expected == told else f"{path}: {told!r} instead of {expected!r}"


def send(connection, query):
    body = json.dumps({"query": query})
    connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def ask(port, query):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        return send(connection, query)
    finally:
        connection.close()


def resident(process):
    """Resident memory in MiB; None when the process is gone."""
    try:
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None


def wait_for(port):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit(f"nothing listens on {port}")


if __name__ == "__main__":
    sys.exit(main())
