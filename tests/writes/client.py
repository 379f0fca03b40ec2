"""A session with the `openstack` command: make, act on and remove everything.

    OS_CLOUD=simulated-member python tests/writes/client.py PREFIX

Everything it makes has a name that begins with PREFIX. Prints one JSON document:
for each command, its exit status, what it complained of, and, when what it
printed is not what was to be seen, what that was. All commands run in this
process: starting one for each would take minutes.
"""
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import time

from openstackclient import shell

PREFIX = sys.argv[1]
TEMPLATE = """heat_template_version: 2018-08-31
parameters:
  length: {type: number, default: 8}
resources:
  secret:
    type: OS::Heat::RandomString
    properties: {length: {get_param: length}}
outputs:
  secret: {value: {get_attr: [secret, value]}}
"""
reports = []


def run(*words):
    out, complaint = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(complaint):
        try:
            status = shell.main([str(word) for word in words])
        except SystemExit as end:
            status = end.code
    reports.append({'command': ' '.join(map(str, words)), 'status': status or 0,
                    'complaint': complaint.getvalue().strip()})
    return out.getvalue()


def asked(*words):
    """What a command prints as JSON."""
    out = run(*words, '-f', 'json')
    return json.loads(out) if out.strip() else {}


def see(what, is_so):
    """Notes whether something is as it should be."""
    reports.append({'command': f'see that {what}', 'status': 0 if is_so else 1,
                    'complaint': '' if is_so else 'it is not'})


def until(words, column, wanted):
    """Shows something until it is as it should be."""
    for _ in range(120):
        shown = asked(*words)
        if shown.get(column) == wanted:
            return
        del reports[-1]
        time.sleep(0.5)
    see(f'{" ".join(words)} has the {column} {wanted}, not {shown.get(column)}', False)


def gone(*words):
    """Lists until something is not among it."""
    *words, name = words
    for _ in range(120):
        if name not in json.dumps(asked(*words)):
            return
        del reports[-1]
        time.sleep(0.5)
    see(f'{name} is gone', False)


def leads(show, address):
    """Shows a server until an address leads to it: Nova learns of it by and by."""
    for _ in range(120):
        if address in json.dumps(asked(*show).get('addresses')):
            return
        del reports[-1]
        time.sleep(0.5)
    see(f'{address} leads to the server', False)


def named(kind):
    return f'{PREFIX}-{kind}'


def keypair(folder):
    name, file = named('key'), folder / 'key'
    run('keypair', 'create', name, '--private-key', file)
    see('the private key is there', 'PRIVATE KEY' in file.read_text())
    public = folder / 'key.pub'
    public.write_text(run('keypair', 'show', name, '--public-key'))
    see('it is in the list', name in json.dumps(asked('keypair', 'list')))
    run('keypair', 'delete', name)
    run('keypair', 'create', name, '--public-key', public)
    return name


def network(external):
    net, subnet, router, port = map(named, ('net', 'subnet', 'router', 'port'))
    run('network', 'create', net)
    run('network', 'set', net, '--description', 'ü')
    see('it is described', asked('network', 'show', net).get('description') == 'ü')
    run('subnet', 'create', subnet, '--network', net, '--subnet-range', '10.90.0.0/24')
    run('subnet', 'set', subnet, '--dns-nameserver', '10.90.0.53')
    run('router', 'create', router)
    run('router', 'add', 'subnet', router, subnet)
    run('router', 'set', router, '--external-gateway', external)
    run('port', 'create', port, '--network', net)
    run('port', 'set', port, '--name', port)
    return net, subnet, router, port


def security_group():
    group = named('group')
    run('security', 'group', 'create', group)
    run('security', 'group', 'set', group, '--description', 'ü')
    rule = asked('security', 'group', 'rule', 'create', group, '--protocol', 'tcp',
                 '--dst-port', '22', '--remote-ip', '0.0.0.0/0')
    run('security', 'group', 'rule', 'delete', rule.get('id'))
    return group


def image(folder):
    name, file = named('image'), folder / 'disk.raw'
    file.write_bytes(b'not a disk\n' * 100)
    run('image', 'create', name, '--file', file, '--disk-format', 'raw',
        '--container-format', 'bare', '--property', 'os_distro=none')
    until(('image', 'show', name), 'status', 'active')
    run('image', 'set', name, '--tag', 'x', '--min-disk', '1')
    run('image', 'unset', name, '--tag', 'x')
    return name


def server(key, net, group, external, volume):
    name = named('server')
    flavors = [row for row in asked('flavor', 'list', '--long')
               if row['RAM'] >= 512 and row['Disk'] >= 1 and not row.get('Properties')
               and not row['Name'].startswith('live-')]
    flavor = min(flavors, key=lambda row: (row['Disk'], row['RAM']))['Name']
    boot = asked('image', 'list', '--public', '--status', 'active')[0]['ID']
    run('server', 'create', name, '--flavor', flavor, '--image', boot, '--network', net,
        '--key-name', key, '--wait')
    show = ('server', 'show', name)
    until(show, 'status', 'ACTIVE')
    for action, status in (('stop', 'SHUTOFF'), ('start', 'ACTIVE'), ('pause', 'PAUSED'),
                           ('unpause', 'ACTIVE'), ('suspend', 'SUSPENDED'), ('resume', 'ACTIVE'),
                           ('lock', 'ACTIVE'), ('unlock', 'ACTIVE'),
                           ('shelve', 'SHELVED_OFFLOADED'), ('unshelve', 'ACTIVE')):
        run('server', action, name)
        until(show, 'status', status)
    run('server', 'reboot', '--hard', '--wait', name)
    run('server', 'set', name, '--property', 'k=v')
    see('it is noted', asked(*show).get('properties') == {'k': 'v'})
    run('server', 'add', 'security', 'group', name, group)
    run('server', 'remove', 'security', 'group', name, group)
    ip = asked('floating', 'ip', 'create', external).get('floating_ip_address')
    run('server', 'add', 'floating', 'ip', name, ip)
    leads(show, ip)
    run('server', 'remove', 'floating', 'ip', name, ip)
    run('floating', 'ip', 'delete', ip)
    run('server', 'add', 'volume', name, volume)
    until(('volume', 'show', volume), 'status', 'in-use')
    run('server', 'remove', 'volume', name, volume)
    until(('volume', 'show', volume), 'status', 'available')
    taken = named('of-server')
    run('server', 'image', 'create', name, '--name', taken)
    until(show, 'OS-EXT-STS:task_state', None)
    run('image', 'delete', taken)
    run('server', 'rebuild', name, '--image', boot, '--wait')
    run('server', 'event', 'list', name)
    run('server', 'delete', name, '--wait')
    gone('server', 'list', name)


def volume():
    name, snapshot = named('volume'), named('snapshot')
    run('volume', 'create', name, '--size', '1')
    until(('volume', 'show', name), 'status', 'available')
    run('volume', 'set', name, '--size', '2', '--property', 'k=v')
    until(('volume', 'show', name), 'size', 2)
    until(('volume', 'show', name), 'status', 'available')
    run('volume', 'set', name, '--bootable')
    run('volume', 'snapshot', 'create', snapshot, '--volume', name)
    until(('volume', 'snapshot', 'show', snapshot), 'status', 'available')
    run('volume', 'snapshot', 'set', snapshot, '--description', 'ü')
    copy = named('copy')
    run('volume', 'create', copy, '--snapshot', snapshot)
    until(('volume', 'show', copy), 'status', 'available')
    run('volume', 'delete', copy)
    gone('volume', 'list', copy)
    run('volume', 'snapshot', 'delete', snapshot)
    gone('volume', 'snapshot', 'list', snapshot)
    return name


def stack(folder):
    name, file = named('stack'), folder / 'template.yaml'
    file.write_text(TEMPLATE)
    run('stack', 'create', name, '-t', file, '--wait')
    until(('stack', 'show', name), 'stack_status', 'CREATE_COMPLETE')
    run('stack', 'output', 'show', name, 'secret')
    run('stack', 'resource', 'list', name)
    run('stack', 'update', name, '-t', file, '--parameter', 'length=9', '--wait')
    until(('stack', 'show', name), 'stack_status', 'UPDATE_COMPLETE')
    run('stack', 'check', name)
    until(('stack', 'show', name), 'stack_status', 'CHECK_COMPLETE')
    run('stack', 'suspend', name)
    until(('stack', 'show', name), 'stack_status', 'SUSPEND_COMPLETE')
    run('stack', 'resume', name)
    until(('stack', 'show', name), 'stack_status', 'RESUME_COMPLETE')
    run('stack', 'delete', name, '--yes', '--wait')
    gone('stack', 'list', name)


def session(folder):
    external = asked('network', 'list', '--external')[0]['ID']
    key = keypair(folder)
    net, subnet, router, port = network(external)
    group, disk, picture = security_group(), volume(), image(folder)
    try:
        server(key, net, group, external, disk)
        stack(folder)
    finally:
        run('volume', 'delete', disk)
        run('image', 'delete', picture)
        run('keypair', 'delete', key)
        run('port', 'delete', port)
        run('router', 'unset', '--external-gateway', router)
        run('router', 'remove', 'subnet', router, subnet)
        run('router', 'delete', router)
        run('subnet', 'delete', subnet)
        run('network', 'delete', net)
        run('security', 'group', 'delete', group)
    gone('volume', 'list', disk)
    for kind in ('network', 'router', 'image', 'keypair', 'security group'):
        gone(*kind.split(), 'list', PREFIX)


with tempfile.TemporaryDirectory() as directory:
    session(pathlib.Path(directory))
json.dump(reports, sys.stdout, indent=1)
