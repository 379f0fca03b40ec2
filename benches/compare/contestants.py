"""Those who are asked: this server, its peers, and the floor."""
import http.client
import json
import os
import select
import subprocess
import tempfile
import threading
import time

import clouds
import measure

# Settings of a caller's own would change what is measured.
CLEAN = {name: value for name, value in os.environ.items()
         if not name.startswith(('OS_', 'CACHE_', 'FASTMCP_', 'MCP_'))
         and name.lower() not in ('http_proxy', 'https_proxy', 'all_proxy')}


def clean(environment):
    return dict(CLEAN, **dict({'NO_PROXY': '*', 'no_proxy': '*'},
                              **environment))


class TooSlow(Exception):
    """No answer within the limit."""


class Failed(Exception):
    """An answer that is an error, or none at all."""


class Process:
    """A contestant that is one process for all its questions."""

    def __init__(self, limit):
        self.limit = limit
        self.process = None

    def begin(self, command, environment, **pipes):
        self.process = subprocess.Popen(
            command, env=clean(environment), stderr=subprocess.DEVNULL,
            **pipes)

    def cpu_seconds(self):
        return measure.cpu_seconds(self.process.pid)

    def memory_mib(self, which='VmHWM'):
        return measure.memory_mib(self.process.pid, which)

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Lines(Process):
    """One that is spoken to in lines, over its stdin and stdout."""

    def begin(self, command, environment):
        super().begin(command, environment, stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE)
        self.buffer = b''

    def send(self, line):
        self.process.stdin.write(line + b'\n')
        self.process.stdin.flush()

    def line(self, deadline):
        while b'\n' not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [],
                                              left)[0]:
                raise TooSlow()
            chunk = os.read(self.process.stdout.fileno(), 1 << 20)
            if not chunk:
                raise Failed('it ended')
            self.buffer += chunk
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line


class Mcp(Lines):
    """An MCP server on stdio."""

    def __init__(self, command, environment, limit):
        super().__init__(limit)
        began = time.monotonic()
        self.begin(command, environment)
        self.last_id = 0
        try:
            self.greet()
        except TooSlow:
            self.stop()
            raise Failed('no tools/list in %d s' % limit) from None
        self.started = time.monotonic() - began

    def greet(self):
        self.request('initialize', {
            'protocolVersion': '2025-06-18', 'capabilities': {},
            'clientInfo': {'name': 'compare', 'version': '1'}})
        self.send(json.dumps({'jsonrpc': '2.0', 'method':
                              'notifications/initialized'}).encode())
        self.tools = self.request('tools/list', {})['tools']

    def request(self, method, params):
        self.last_id += 1
        self.send(json.dumps({'jsonrpc': '2.0', 'id': self.last_id,
                              'method': method, 'params': params}).encode())
        deadline = time.monotonic() + self.limit
        while True:
            line = self.line(deadline)
            answer = json.loads(line)
            if answer.get('id') == self.last_id:
                break
        if 'error' in answer:
            raise Failed(str(answer['error'])[:200])
        self.length = len(line)
        return answer['result']

    def has(self, question):
        return any(tool['name'] == question.tool for tool in self.tools)

    def ask(self, question):
        """The answer's length in bytes."""
        result = self.request('tools/call', {
            'name': question.tool, 'arguments': question.arguments})
        if result.get('isError'):
            raise Failed(str(result['content'])[:200])
        return self.length


class GraphQl(Process):
    """This server over /graphql."""

    def __init__(self, binary, environment, limit, port):
        super().__init__(limit)
        self.begin([binary, '--type', 'streamable-http', '--port', str(port)],
                   environment, stdout=subprocess.DEVNULL)
        self.connection = http.client.HTTPConnection('127.0.0.1', port,
                                                     timeout=limit)
        for _ in range(1000):
            try:
                self.connection.connect()
                return
            except ConnectionRefusedError:
                time.sleep(0.02)
        self.stop()
        raise Failed('it does not start')

    def has(self, question):
        return True

    def ask(self, question):
        body = json.dumps({'query': question.document(),
                           'variables': question.variables()})
        # One that was idle for long is closed by the server.
        self.connection.close()
        try:
            self.connection.request('POST', '/graphql', body, {
                'Content-Type': 'application/json'})
            content = self.connection.getresponse().read()
        except TimeoutError:
            raise TooSlow() from None
        # It may be large: reading it is the caller's time, not the server's.
        if b'"errors":[' in content:
            raise Failed(str(json.loads(content)['errors'])[:300])
        return len(content)


class Floor(Lines):
    """The plan, fired bare."""

    def __init__(self, binary, plan, token, limit):
        super().__init__(limit)
        self.begin([binary, plan], {'FLOOR_TOKEN': token})

    def has(self, question):
        return True

    def ask(self, question):
        self.send(b'')
        told = json.loads(self.line(time.monotonic() + self.limit))
        if told['undecoded']:
            raise Failed('%d answers undecoded' % told['undecoded'])
        return None


class Client:
    """The `openstack` client: a process for each command, as in a shell."""

    def __init__(self, command, environment, limit):
        self.command = command
        self.limit = limit
        self.environment = clean(environment)
        self.cpu = 0
        self.most = 0

    def has(self, question):
        return question.commands is not None

    def ask(self, question):
        deadline = time.monotonic() + self.limit
        return sum(self.run(command, deadline)
                   for command in question.commands)

    def run(self, command, deadline):
        with tempfile.TemporaryFile() as said, \
                tempfile.TemporaryFile() as complained:
            process = subprocess.Popen(
                [self.command] + command + ['--format', 'json'],
                env=self.environment, stdout=said, stderr=complained)
            timer = threading.Timer(max(0.1, deadline - time.monotonic()),
                                    process.kill)
            timer.start()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            timer.cancel()
            self.cpu += usage.ru_utime + usage.ru_stime
            self.most = max(self.most, usage.ru_maxrss / 1024)
            if time.monotonic() >= deadline:
                raise TooSlow()
            complained.seek(0)
            if process.returncode:
                raise Failed('%s: %s' % (' '.join(command), complained.read()
                                         .decode()[-200:]))
            return os.fstat(said.fileno()).st_size

    def cpu_seconds(self):
        return self.cpu

    def memory_mib(self, which='VmHWM'):
        return self.most

    def stop(self):
        pass


COLD = {'CACHE_TTL': '0', 'CACHE_REFERENCE_TTL': '0'}
WARM = {'CACHE_TTL': '1h', 'CACHE_REFERENCE_TTL': '1h'}


class Field:
    """Who takes part, and how each is started on a cloud."""

    def __init__(self, options, ports):
        self.options = options
        self.ports = ports

    def names(self):
        names = ['floor', 'graphql cold', 'mcp cold', 'graphql warm',
                 'mcp warm']
        for version in self.options.originals:
            names.append('original ' + version)
        if self.options.client:
            names.append('openstack client')
        return names

    def takes(self, name, question):
        if name.startswith('mcp'):
            return question.tool is not None
        if name.startswith('original'):
            return question.tool is not None and question.original
        if name == 'openstack client':
            return question.commands is not None
        return True

    def start(self, name, cloud, plan=None, extra=None):
        limit = self.options.limit
        ours = dict(cloud.environment(), REQUEST_TIMEOUT='10m',
                    MCP_LOG_LEVEL='ERROR', **(extra or {}))
        ours.update(WARM if name.endswith('warm') else COLD)
        if name == 'floor':
            return Floor(self.options.floor, plan, cloud.token(), limit)
        if name.startswith('graphql'):
            return GraphQl(self.options.ours, ours, limit,
                           clouds.free_port(self.ports))
        if name.startswith('mcp'):
            return Mcp([self.options.ours], ours, limit)
        if name.startswith('original'):
            environment = dict(cloud.original_environment(),
                               MCP_LOG_LEVEL='ERROR', **(extra or {}))
            command = self.options.originals[name.split()[1]]
            return Mcp([command], environment, limit)
        return Client(self.options.client,
                      dict(cloud.environment(), **(extra or {})), limit)
