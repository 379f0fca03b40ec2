"""The clouds: simulated ones of any size, and a real one."""
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

# Hypervisors and projects for a number of servers, as in DESIGN's budgets.
SIZES = {500: (20, None), 1000: (40, None), 10000: (300, 200)}
SERVICES = {'COMPUTE': 'compute', 'NETWORK': 'network',
            'VOLUME': 'block-storage', 'IMAGE': 'image',
            'PLACEMENT': 'placement', 'HEAT_STACK': 'orchestration'}


def free_port(ports):
    """A port that nobody listens on, of those that may be used."""
    for port in ports:
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(('127.0.0.1', port))
                return port
            except OSError:
                pass
    raise RuntimeError('no port is free')


def http_json(method, url, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers or {}, method=method)
    request.add_header('Content-Type', 'application/json')
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=600) as response:
        content = response.read()
        return (json.loads(content) if content else None), response.headers


class Cloud:
    """What contestants need to reach it."""

    def __init__(self, name, auth, region):
        self.name, self.auth, self.region = name, auth, region

    def token(self):
        """A token of its own for the floor."""
        user = {'name': self.auth['username'],
                'password': self.auth['password'],
                'domain': {'id': self.auth.get('user_domain_id', 'default')}}
        project = {'name': self.auth['project_name'],
                   'domain': {'id': self.auth.get('project_domain_id',
                                                  'default')}}
        body = {'auth': {'identity': {'methods': ['password'],
                                      'password': {'user': user}},
                         'scope': {'project': project}}}
        _, headers = http_json('POST', self.auth['auth_url'] + '/auth/tokens',
                               body)
        return headers['X-Subject-Token']

    def common_environment(self):
        return {'OS_USERNAME': self.auth['username'],
                'OS_PASSWORD': self.auth['password'],
                'OS_PROJECT_NAME': self.auth['project_name'],
                'OS_USER_DOMAIN_NAME': 'Default',
                'OS_PROJECT_DOMAIN_NAME': 'Default',
                'OS_REGION_NAME': self.region,
                'OS_IDENTITY_API_VERSION': '3'}

    def environment(self):
        """For this server and the `openstack` client."""
        return dict(self.common_environment(),
                    OS_AUTH_URL=self.auth['auth_url'])


class Simulated(Cloud):
    """A cloud of so many servers."""
    log_has_calls = True

    def __init__(self, binary, servers, ports):
        self.servers = servers
        self.port = free_port(ports)
        self.url = 'http://127.0.0.1:%d' % self.port
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, 'clouds.yaml')
        command = [binary, 'simulate', '--servers', str(servers),
                   '--port', str(self.port), '--clouds-yaml', path]
        hypervisors, projects = SIZES.get(servers, (None, None))
        if hypervisors:
            command += ['--hypervisors', str(hypervisors)]
        if projects:
            command += ['--projects', str(projects)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.wait()
        with open(path) as file:
            auth = re.search(r'simulated:(.*?)region_name: (\S+)', file.read(),
                             re.DOTALL)
        fields = dict(re.findall(r'(\w+): (\S+)', auth.group(1)))
        super().__init__('%d servers' % servers, fields, auth.group(2))

    def wait(self):
        for _ in range(600):
            try:
                http_json('GET', self.url + '/simulator')
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise RuntimeError('the simulation does not start')

    def set_latency(self, milliseconds):
        http_json('PUT', self.url + '/simulator/latency',
                  {'milliseconds': milliseconds})

    def forget(self):
        http_json('DELETE', self.url + '/simulator/requests')

    def calls_and_bytes(self):
        """Of the requests since they were forgotten."""
        log, _ = http_json('GET', self.url +
                           '/simulator/requests?limit=20000')
        return log['count'], sum(entry['bytes'] for entry in log['requests'])

    def original_environment(self):
        """The original knows hosts and ports alone. All services are on one
        port here, so that a port is followed by the service's prefix."""
        names = {'OS_%s_PORT' % name: '%d/%s' % (self.port, prefix)
                 for name, prefix in SERVICES.items()}
        return dict(self.common_environment(), OS_AUTH_HOST='127.0.0.1',
                    OS_AUTH_PORT='%d/identity' % self.port,
                    OS_AUTH_PROTOCOL='http', **names)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.folder.cleanup()


class Real(Cloud):
    """The cloud of OS_CLOUD, of which openstacksdk's reader tells the rest."""
    log_has_calls = False

    def __init__(self, python):
        code = ('import json, openstack; c = openstack.connect(); '
                'print(json.dumps([c.config.get_auth_args(), '
                'c.config.region_name, {s: c.config.get_session_endpoint(s) '
                'for s in ("compute", "network", "block-storage", "image", '
                '"placement", "orchestration")}]))')
        told = subprocess.run([python, '-c', code], check=True,
                              capture_output=True, text=True)
        auth, region, self.endpoints = json.loads(told.stdout)
        auth['auth_url'] = auth['auth_url'].rstrip('/')
        super().__init__('real cloud', auth, region)

    def original_environment(self):
        host = urllib.parse.urlsplit(self.auth['auth_url'])
        ports = {}
        for name, service in SERVICES.items():
            url = urllib.parse.urlsplit(self.endpoints[service])
            ports['OS_%s_PORT' % name] = str(url.port)
        return dict(self.common_environment(), OS_AUTH_HOST=host.hostname,
                    OS_AUTH_PORT=str(host.port), OS_AUTH_PROTOCOL=host.scheme,
                    **ports)

    def forget(self):
        pass

    def stop(self):
        pass
