"""This server, its peers and its floor, side by side in one run.

    cargo build --release && cargo build --release -p floor
    python3 benches/compare/compare.py                # everything: an hour or so
    python3 benches/compare/compare.py --quick        # a look: some minutes

Each question is asked of each contestant in turn, for several rounds, each
contestant in a process of its own that has been asked it once before:

  floor             the upstream calls of our plan, fired bare and decoded
  graphql, mcp      this server over /graphql and as an MCP tool on stdio;
    cold            with nothing kept (CACHE_TTL=0) but token and discovery
    warm            with everything kept since it was asked before
  original V        mcp-openstack-ops V of PyPI, on stdio
  openstack client  the commands that come nearest to it, one after another

on simulated clouds of several sizes and latencies, and on the real cloud of
OS_CLOUD, if that is set. What has taken five seconds in all is not asked
again; what takes longer than --limit is given up, on larger clouds too.

Needs the standard library alone; the peers and matplotlib are installed into
virtual environments below --folder. Results go to docs/benchmark.md,
docs/benchmark.json and docs/benchmark.svg, or wherever --output says.
"""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time

import clouds
import questions
import recorder
import report
from contestants import Failed, Field, GraphQl, TooSlow

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, '..', '..'))
VERSIONS = ['1.1.2', '3.1.0']
# Latency at which plans are recorded, so that what waits for what is plain.
RECORDED_AT = 100
LONG = 5
PEERS = 'original', 'openstack'


def install(folder, name):
    """The commands of a requirements file, in an environment of its own."""
    place = os.path.join(folder, name)
    if not os.path.exists(os.path.join(place, 'installed')):
        print('installing %s' % name, file=sys.stderr)
        subprocess.run([sys.executable, '-m', 'venv', place], check=True)
        subprocess.run([os.path.join(place, 'bin', 'pip'), 'install',
                        '--quiet', '--disable-pip-version-check', '-r',
                        os.path.join(HERE, 'requirements', name + '.txt')],
                       check=True)
        open(os.path.join(place, 'installed'), 'w').close()
    return os.path.join(place, 'bin')


class Row:
    """What one contestant had to say to one question on one cloud."""

    def __init__(self, cloud, latency, question, contestant):
        self.cloud, self.latency = cloud, latency
        self.question, self.contestant = question, contestant
        self.walls = []
        self.cpu = self.memory = self.calls = self.bytes = self.answer = None
        self.waves = None
        self.problem = None

    def as_json(self):
        told = dict(vars(self))
        told['wall'] = statistics.median(self.walls) if self.walls else None
        return told


class Run:
    """One run of the benchmark."""

    def __init__(self, options):
        self.options = options
        self.ports = range(options.ports, options.ports + 100)
        self.field = Field(options, self.ports)
        self.began, self.load = time.time(), os.getloadavg()[0]
        self.rows = []
        self.starts = {}
        self.without_peers = {
            '%d servers' % servers for servers in options.sizes
            if servers not in (options.peer_sizes or options.sizes)}
        # Contestants that were too slow, with the question and the latency.
        self.given_up = set()

    def clouds(self):
        """Each cloud, when it is done with."""
        for servers in self.options.sizes:
            yield self.on_a_simulated_cloud(servers)
        if os.environ.get('OS_CLOUD') and 'real' not in self.options.without:
            yield self.on_the_real_cloud()

    def result(self):
        return {'machine': report.machine(), 'began': self.began,
                'seconds': time.time() - self.began,
                'loads': [self.load, os.getloadavg()[0]],
                'rounds': self.options.rounds, 'limit': self.options.limit,
                'starts': self.starts,
                'rows': [row.as_json() for row in sorted(
                    self.rows, key=lambda row: int(
                        row.cloud.split()[0].replace('real', '99999')))]}

    def on_a_simulated_cloud(self, servers):
        cloud = clouds.Simulated(self.options.ours, servers, self.ports)
        try:
            for question in self.options.questions:
                cloud.set_latency(RECORDED_AT)
                plan = self.plan(cloud, question)
                for latency in self.options.latencies:
                    cloud.set_latency(latency)
                    self.ask(cloud, latency, question, plan)
        finally:
            cloud.stop()

    def on_the_real_cloud(self):
        python = os.path.join(os.path.dirname(self.options.client), 'python')
        cloud = clouds.Real(python)
        for question in self.options.questions:
            self.ask(cloud, None, question, self.plan(cloud, question))

    def plan(self, cloud, question):
        """Of a cold answer, recorded five times."""
        with recorder.Recorder() as proxy:
            asked = self.field.start('graphql cold', cloud,
                                     extra=proxy.environment())
            try:
                asked.ask(question)
                proxy.take()
                recordings = []
                for _ in range(5):
                    asked.ask(question)
                    recordings.append(proxy.take())
            except (Failed, TooSlow) as error:
                print('no plan for %s: %r' % (question.name, error),
                      file=sys.stderr)
                return None
            finally:
                asked.stop()
                proxy.shutdown()
        return recorder.plan(recordings)

    def ask(self, cloud, latency, question, plan):
        asked = {}
        try:
            self.ask_all(asked, cloud, latency, question, plan)
        finally:
            for contestant in asked.values():
                contestant.stop()

    def ask_all(self, asked, cloud, latency, question, plan):
        rows = {}
        for name in self.field.names():
            if not self.field.takes(name, question):
                continue
            if name.startswith(PEERS) and cloud.name in self.without_peers:
                continue
            if name == 'floor' and not plan:
                continue
            row = Row(cloud.name, latency, question.name, name)
            if self.begin(row, asked, name, cloud, question, plan):
                rows[name] = row
        for turn in range(self.options.rounds):
            names = list(asked)
            for name in names if turn % 2 else names[::-1]:
                row = rows[name]
                if sum(row.walls) > LONG:
                    continue
                self.round(row, asked, name, cloud, question)
        for name, contestant in asked.items():
            rows[name].memory = contestant.memory_mib()
            contestant.stop()
        if plan and 'floor' in rows:
            rows['floor'].waves = recorder.depth(plan)
        if not cloud.log_has_calls:
            self.count_by_proxy(rows, cloud, question, plan)
        for row in rows.values():
            if row.cpu is not None:
                row.cpu /= max(1, len(row.walls))
            self.rows.append(row)
            print(report.line(row), file=sys.stderr, flush=True)

    def begin(self, row, asked, name, cloud, question, plan):
        """Starts one and asks it for the first time; whether it counts."""
        if any(given_up[:2] == (name, question.name) and
               (row.latency or 0) >= (given_up[2] or 0)
               for given_up in self.given_up):
            row.problem = '> %d s where it is easier' % self.options.limit
            self.rows.append(row)
            return False
        contestant = None
        try:
            contestant = self.start(name, cloud, plan)
            if not contestant.has(question):
                contestant.stop()
                return False
            asked[name] = contestant
            if name != 'openstack client':
                self.round(row, asked, name, cloud, question)
            # Of this server the first answer is neither warm nor without login.
            if not name.startswith(PEERS) or sum(row.walls) <= LONG:
                row.walls, row.cpu = [], None
            if row.problem is None:
                return True
        except (Failed, TooSlow) as error:
            if contestant:
                contestant.stop()
            self.problem(row, error)
        if row.problem:
            self.rows.append(row)
            print(report.line(row), file=sys.stderr, flush=True)
            return False

    def start(self, name, cloud, plan):
        path = os.path.join(self.options.folder, 'plan.json')
        with open(path, 'w') as file:
            json.dump(plan, file)
        contestant = self.field.start(name, cloud, path)
        if hasattr(contestant, 'started'):
            kept = self.starts.setdefault(name, [])
            kept.append({'seconds': contestant.started,
                         'tools': len(contestant.tools),
                         'characters': report.told_of(contestant.tools),
                         'memory': contestant.memory_mib('VmRSS')})
        return contestant

    def problem(self, row, error):
        if isinstance(error, TooSlow):
            row.problem = '> %d s' % self.options.limit
            self.given_up.add((row.contestant, row.question, row.latency))
        else:
            row.problem = 'failed: %s' % error

    def round(self, row, asked, name, cloud, question):
        contestant = asked[name]
        cloud.forget()
        cpu = contestant.cpu_seconds()
        began = time.perf_counter()
        try:
            row.answer = contestant.ask(question) or row.answer
        except (Failed, TooSlow) as error:
            self.problem(row, error)
            contestant.stop()
            del asked[name]
            return
        row.walls.append(time.perf_counter() - began)
        row.cpu = (row.cpu or 0) + contestant.cpu_seconds() - cpu
        if cloud.log_has_calls:
            row.calls, row.bytes = cloud.calls_and_bytes()

    def count_by_proxy(self, rows, cloud, question, plan):
        """Calls and bytes where no log of the cloud's tells them."""
        for name, row in rows.items():
            if name == 'floor':
                row.calls = len(plan)
                continue
            with recorder.Recorder() as proxy:
                contestant = self.field.start(name, cloud,
                                              extra=proxy.environment())
                try:
                    if name != 'openstack client':
                        contestant.ask(question)
                    proxy.take()
                    contestant.ask(question)
                    passed = proxy.take()
                    row.calls = len(passed)
                    row.bytes = sum(call.bytes for call in passed)
                except (Failed, TooSlow):
                    pass
                finally:
                    contestant.stop()
                    proxy.shutdown()
        if 'graphql cold' in rows and 'floor' in rows:
            rows['floor'].bytes = rows['graphql cold'].bytes


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    target = os.environ.get('CARGO_TARGET_DIR', os.path.join(ROOT, 'target'))
    release = os.path.join(target, 'release')
    add = parser.add_argument
    add('--ours', default=os.path.join(release, 'mcp-openstack-ops'),
        help='the release binary')
    add('--floor', default=os.path.join(release, 'floor'))
    add('--folder', default=os.path.join(target, 'compare'),
        help='where the peers are installed')
    add('--output', default=os.path.join(ROOT, 'docs', 'benchmark'),
        help='results without their suffix')
    add('--sizes', type=int, nargs='*', default=[60, 500, 1000, 10000])
    add('--peer-sizes', type=int, nargs='*',
        help='those at which peers are asked too; all, when not given')
    add('--latencies', type=int, nargs='*', default=[0, 20],
        help='milliseconds a call')
    add('--questions', nargs='*', choices=list(questions.BY_NAME),
        default=list(questions.BY_NAME))
    add('--rounds', type=int, default=9)
    add('--limit', type=float, default=120, help='seconds for one answer')
    add('--ports', type=int, default=18300, help='the first of a hundred')
    add('--quick', action='store_true',
        help='60 and 500 servers, three rounds, 30 seconds, no real cloud')
    add('--without', nargs='*', default=[], metavar='CONTESTANT',
        help='originals, client, real')
    options = parser.parse_args()
    if options.quick:
        options.sizes, options.rounds, options.limit = [60, 500], 3, 30
        options.without = options.without + ['real']
    options.questions = [questions.BY_NAME[name]
                         for name in options.questions]
    os.makedirs(options.folder, exist_ok=True)
    options.originals, options.client = {}, None
    if 'originals' not in options.without:
        for version in VERSIONS:
            options.originals[version] = os.path.join(
                install(options.folder, 'original-' + version),
                'mcp-openstack-ops')
    if 'client' not in options.without:
        options.client = os.path.join(install(options.folder, 'client'),
                                      'openstack')
    return options


def main():
    # Ended from outside, it still ends those that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('ended'))
    options = arguments()
    run = Run(options)
    for _ in run.clouds():
        # A run that is interrupted leaves what it has.
        write(options, run)
    with open(options.output + '.md') as file:
        print(file.read())


def write(options, run):
    result = run.result()
    with open(options.output + '.json', 'w') as file:
        json.dump(result, file, indent=1)
        file.write('\n')
    with open(options.output + '.md', 'w') as file:
        file.write(report.markdown(result))
    python = os.path.join(install(options.folder, 'plot'), 'python')
    subprocess.run([python, os.path.join(HERE, 'plot.py'),
                    options.output + '.json', options.output + '.svg'],
                   check=True)


if __name__ == '__main__':
    main()
