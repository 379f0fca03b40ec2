"""The read tools of the original and of ours, side by side on one cloud.

The same tool with the same arguments is called alternately on both, over
stdio, for several rounds; the table has the median of each, their ratio, and
whether the original's answer was right. Wrong answers are the reason for half
of this product, so "right" is judged against what openstacksdk says.

    python3 -m venv ~/.cache/original
    ~/.cache/original/bin/pip install mcp-openstack-ops==1.1.2 fastmcp==2.12.3
    OS_CLOUD=project python tests/live/oracle.py > truth.json
    env OS_AUTH_HOST=127.0.0.1 OS_AUTH_PORT=5000 OS_AUTH_PROTOCOL=http \\
        OS_USERNAME=project-1-user-1 OS_PASSWORD=secret \\
        OS_PROJECT_NAME=project-1 OS_PLACEMENT_PORT=8778 \\
        python3 benches/original.py --truth truth.json --rounds 5 \\
        --original '~/.cache/original/bin/mcp-openstack-ops' \\
        --ours 'target/release/mcp-openstack-ops'

Both read the same OS_* variables, the only ones that the original knows.
The truth must be had with the same credential. Leave --ours out to measure
the original alone. Needs nothing but the standard library.
"""
import argparse
import json
import os
import select
import shlex
import statistics
import subprocess
import sys
import time

DEADLINE = 120      # seconds for one call


class Server:
    """An MCP server on stdio."""

    def __init__(self, command):
        began = time.monotonic()
        environment = dict(os.environ, CACHE_TTL='0', CACHE_REFERENCE_TTL='0',
                           MCP_LOG_LEVEL='ERROR')
        self.process = subprocess.Popen(
            [os.path.expanduser(word) for word in shlex.split(command)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=environment)
        self.last_id = 0
        self.buffer = b''
        self.request('initialize', {
            'protocolVersion': '2025-06-18', 'capabilities': {},
            'clientInfo': {'name': 'bench', 'version': '1'}})
        self.send({'jsonrpc': '2.0', 'method': 'notifications/initialized'})
        self.tools = {tool['name']: tool for tool in
                      self.request('tools/list', {})['tools']}
        self.started = time.monotonic() - began

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b'\n')
        self.process.stdin.flush()

    def request(self, method, params):
        self.last_id += 1
        self.send({'jsonrpc': '2.0', 'id': self.last_id, 'method': method,
                   'params': params})
        deadline = time.monotonic() + DEADLINE
        while True:
            answer = json.loads(self.line(deadline))
            if answer.get('id') == self.last_id:
                break
        if 'error' in answer:
            raise RuntimeError('%s: %s' % (method, answer['error']))
        return answer['result']

    def line(self, deadline):
        while b'\n' not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [],
                                              left)[0]:
                raise RuntimeError('no answer in %d s' % DEADLINE)
            chunk = os.read(self.process.stdout.fileno(), 1 << 20)
            if not chunk:
                raise RuntimeError('the server ended')
            self.buffer += chunk
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line

    def call(self, tool, arguments):
        """Milliseconds and the answer's text."""
        began = time.monotonic()
        result = self.request('tools/call',
                              {'name': tool, 'arguments': arguments})
        took = (time.monotonic() - began) * 1000
        return took, ''.join(block.get('text', '')
                             for block in result['content'])

    def memory(self):
        """Resident memory in MiB."""
        with open('/proc/%d/status' % self.process.pid) as status:
            for line in status:
                if line.startswith('VmRSS'):
                    return int(line.split()[1]) / 1024

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


# ------------------------------------------- was the original's answer right?
# Each judge has the truth and the original's answer; it says what is wrong
# with it, or nothing. The answers' shapes are the original's own.

def same_ids(noun, wanted, got, key='id'):
    wanted = {row[key] for row in wanted}
    got = [row.get(key) for row in got]
    problems = []
    if wanted - set(got):
        problems.append('%d of %d %s missing' % (
            len(wanted - set(got)), len(wanted), noun))
    if set(got) - wanted:
        problems.append('%d %s too many' % (len(set(got) - wanted), noun))
    if len(got) > len(set(got)):
        problems.append('%d %s twice' % (len(got) - len(set(got)), noun))
    return problems


def unknowns(rows):
    """Fields that no row has an answer for, though the service gave one."""
    fields = rows[0].keys() if rows else ()
    return sorted(field for field in fields if all(
        row[field] in ('unknown', 'None') for row in rows))


def listed(noun, place, key='id'):
    def judge(truth, answer, _):
        rows = answer
        for step in place.split('.'):
            rows = rows[step]
        problems = same_ids(noun, truth[noun] or [], rows, key)
        missing = unknowns(rows)
        if missing:
            problems.append('always unknown: ' + ', '.join(missing))
        return problems
    return judge


def networks(truth, answer, arguments):
    rows = answer['network_details']
    types = {n['id']: n.get('provider:network_type')
             for n in truth['networks']}
    wrong = [row for row in rows
             if row['provider_network_type'] != types.get(row['id'])]
    return same_ids('networks', truth['networks'], rows) + [
        'wrong: provider_network_type'] * bool(wrong)


def details(truth, answer, arguments):
    rows = answer['instance_details']
    newest = sorted(truth['servers'], key=lambda s: (s['created'], s['id']),
                    reverse=True)
    names = arguments.get('instance_names')
    if names:
        wanted = [s for s in newest if s['name'] in names.split(',')]
    else:
        offset = arguments.get('offset', 0)
        wanted = newest[offset:offset + arguments.get('limit', 50)]
    return (same_ids('servers', wanted, rows) + described(truth, rows))


def described(truth, rows):
    """The fields of servers that the original gets wrong."""
    by_id = {s['id']: s for s in truth['servers']}
    wrong = set()
    for row in rows:
        server = by_id.get(row.get('id'))
        if not server:
            continue
        for theirs, wire in (
                ('status', 'status'), ('key_name', 'key_name'),
                ('tenant_id', 'tenant_id'), ('vm_state', 'OS-EXT-STS:vm_state'),
                ('host', 'OS-EXT-SRV-ATTR:host'),
                ('availability_zone', 'OS-EXT-AZ:availability_zone')):
            if wire in server and row.get(theirs) != server[wire]:
                wrong.add(theirs)
        if server['flavor']['original_name'] not in str(row.get('flavor')):
            wrong.add('flavor')
    return ['wrong: ' + ', '.join(sorted(wrong))] if wrong else []


def search(truth, answer, arguments):
    term = arguments['search_term'].lower()
    images = {image['id']: image['name'] or '' for image in truth['images']}
    fields = {
        'name': lambda s: s['name'],
        'status': lambda s: s['status'],
        'host': lambda s: s.get('OS-EXT-SRV-ATTR:host') or '',
        'flavor': lambda s: s['flavor']['original_name'],
        'image': lambda s: images.get((s['image'] or {}).get('id'), ''),
        'availability_zone': lambda s: s['OS-EXT-AZ:availability_zone'],
    }
    where = arguments.get('search_in', 'name')
    wanted = [s for s in truth['servers'] if term in fields[where](s).lower()]
    rows = answer['matching_instances']
    if len(wanted) > 50 and len(rows) == 50:
        wanted = [s for s in wanted if s['id'] in {r['id'] for r in rows}]
    return same_ids('servers', wanted, rows) + described(truth, rows)


def by_status(truth, answer, arguments):
    wanted = [s for s in truth['servers']
              if s['status'] == arguments['status']]
    problems = []
    if answer['instances_found'] != len(wanted):
        problems.append('says %s found, of %d' % (answer['instances_found'],
                                                  len(wanted)))
    rows = answer['instances']
    rows = rows.get('instances', []) if isinstance(rows, dict) else rows
    return problems + same_ids('servers', wanted[:50], rows)


def by_name(truth, answer, arguments):
    wanted = [s for s in truth['servers']
              if s['name'] == arguments['instance_name']]
    return same_ids('servers', wanted, [answer['instance_details']]) + \
        described(truth, [answer['instance_details']])


def services(truth, answer, _):
    rows = answer['service_status']
    text = json.dumps(rows)
    problems = []
    for noun in ('compute_services', 'network_agents', 'volume_services'):
        missing = [row for row in truth[noun] or [] if not any(
            row['host'] == said['host'] and row['binary'] == said['binary']
            for said in rows)]
        if missing:
            problems.append('%d of %d %s missing' % (
                len(missing), len(truth[noun]), noun))
    if '"host": "controller"' in text:
        problems.append('rows for Glance and Heat are made up')
    return problems


def cluster(truth, answer, _):
    status = answer['cluster_status']
    compute = status.get('compute_resources', {})
    problems = []
    if answer.get('summary', {}).get('total_instances') != \
            len(truth['servers']):
        problems.append('summary says %s instances, there are %d' % (
            answer.get('summary', {}).get('total_instances'),
            len(truth['servers'])))
    if compute.get('total_instances') != len(truth['servers']):
        problems.append('counts %s of %d servers' % (
            compute.get('total_instances'), len(truth['servers'])))
    alive = [h for h in truth['hypervisors'] or []
             if h['state'] == 'up' and h['status'] == 'enabled']
    if compute.get('active_hypervisors') != len(alive):
        problems.append('%s of %d hypervisors up' % (
            compute.get('active_hypervisors'), len(alive)))
    health = status.get('health_summary', {}).get('health_issues', [])
    if health:
        problems.append('alarms: ' + '; '.join(health))
    return problems


def resources(truth, answer, _):
    data = answer['resource_monitoring']
    if 'error' in data:
        return [] if truth['hypervisors'] is None else [data['error'][:60]]
    rows = data.get('hypervisors', [])
    problems = []
    real = {h['id']: h for h in truth['hypervisors'] or []}
    wrong = [row for row in rows if row['id'] not in real or (
        row['name'], row['pCPUs_total']) != (
        real[row['id']]['hypervisor_hostname'], real[row['id']]['vcpus'])]
    if len(rows) != len(real):
        problems.append('%d of %d hypervisors' % (len(rows), len(real)))
    if wrong:
        problems.append('%d hypervisors without name or capacity' %
                        len(wrong))
    virtual = data.get('cluster_summary', {}).get('virtual_resources', {})
    if virtual.get('vCPU', {}).get('quota'):
        problems.append("the cloud's use over one project's quota")
    return problems


def calls(truth):
    name = sorted(s['name'] for s in truth['servers'])[0]
    some = ','.join(sorted({s['name'] for s in truth['servers']})[:3])
    host = next((s['OS-EXT-SRV-ATTR:host'] for s in truth['servers']
                 if s.get('OS-EXT-SRV-ATTR:host')), 'compute')
    return [
        ('get_cluster_status', {}, cluster),
        ('get_service_status', {}, services),
        ('monitor_resources', {}, resources),
        ('get_instance_details', {}, details),
        ('get_instance_details', {'offset': 20, 'limit': 10}, details),
        ('get_instance_details', {'instance_names': some}, details),
        ('get_instance_by_name', {'instance_name': name}, by_name),
        ('get_instances_by_status', {'status': 'SHUTOFF'}, by_status),
        ('search_instances', {'search_term': 'web'}, search),
        ('search_instances', {'search_term': host, 'search_in': 'host'},
         search),
        ('search_instances', {'search_term': 'm1.small',
                              'search_in': 'flavor'}, search),
        ('search_instances', {'search_term': 'debian', 'search_in': 'image'},
         search),
        ('search_instances', {'search_term': 'nova',
                              'search_in': 'availability_zone'}, search),
        ('get_network_details', {}, networks),
        ('get_floating_ips', {}, listed('floating_ips', 'floating_ips')),
        ('get_routers', {}, listed('routers', 'routers')),
        ('get_security_groups', {},
         listed('security_groups', 'security_groups')),
        ('get_volume_types', {}, listed('volume_types', 'volume_types')),
        ('get_volume_snapshots', {},
         listed('volume_snapshots', 'snapshots')),
        ('get_keypair_list', {}, listed('keypairs', 'keypairs', 'name')),
        ('get_user_list', {}, listed('users', 'users')),
        ('get_role_assignments', {}, assignments),
        ('get_heat_stacks', {}, listed('stacks', 'stacks')),
    ]


def assignments(truth, answer, _):
    rows = answer['role_assignments']
    wanted = truth['role_assignments'] or []
    problems = []
    if len(rows) != len(wanted):
        problems.append('%d of %d' % (len(rows), len(wanted)))
    if rows and all(row['project_id'] is None for row in rows):
        problems.append('never says the project')
    return problems + ['no names'] * bool(rows)


def judged(judge, truth, text, arguments):
    try:
        answer = json.loads(text)
    except ValueError:
        return text.strip()[:70] or 'nothing'
    if '"demo-' in text:
        return 'invented (demo data)'
    try:
        problems = judge(truth, answer, arguments)
    except (KeyError, TypeError, AttributeError) as error:
        return 'other shape: %s in %s' % (error, list(answer)[:6])
    return '; '.join(problems) or 'right'


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--original', required=True, help='its command')
    parser.add_argument('--ours', help='our command')
    parser.add_argument('--truth', required=True,
                        help="tests/live/oracle.py's output")
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--answers', help='a folder to keep the answers in')
    args = parser.parse_args()
    with open(args.truth) as file:
        truth = json.load(file)
    servers = {'original': Server(args.original)}
    if args.ours:
        servers['ours'] = Server(args.ours)
    for name, server in servers.items():
        print('%s: tools/list %.0f ms after start, %d tools, %d characters' % (
            name, server.started * 1000, len(server.tools),
            len(json.dumps(list(server.tools.values())))))
    print('| tool | original ms | ours ms | ratio | original characters '
          '| ours | the original is |')
    print('|---|---:|---:|---:|---:|---:|---|')
    for number, (tool, arguments, judge) in enumerate(calls(truth)):
        times = {name: [] for name in servers}
        texts = {}
        for turn in range(args.rounds):
            order = list(servers) if turn % 2 else list(servers)[::-1]
            for name in order:
                try:
                    took, texts[name] = servers[name].call(tool, arguments)
                except RuntimeError as error:
                    took, texts[name] = float('nan'), str(error)
                times[name].append(took)
        if args.answers:
            for name, text in texts.items():
                with open('%s/%02d-%s-%s.json' % (args.answers, number, tool,
                                                  name), 'w') as file:
                    file.write(text)
        row(tool, arguments, times, texts,
            judged(judge, truth, texts['original'], arguments))
    for name, server in servers.items():
        print('%s: %.0f MiB resident at the end' % (name, server.memory()))
        server.stop()


def row(tool, arguments, times, texts, verdict):
    medians = {name: statistics.median(took) for name, took in times.items()}
    shown = ' '.join('%s=%s' % item for item in arguments.items())
    ours = medians.get('ours')
    print('| %s | %.0f | %s | %s | %d | %s | %s |' % (
        (tool + ' ' + shown).strip(), medians['original'],
        '%.0f' % ours if ours else '–',
        '%.1f×' % (medians['original'] / ours) if ours else '–',
        len(texts['original']),
        len(texts['ours']) if 'ours' in texts else '–', verdict))
    sys.stdout.flush()


if __name__ == '__main__':
    main()
