"""Lists and shows every noun with the `openstack` command, and says how it went.

    OS_CLOUD=simulated python tests/live/client.py

Prints one JSON document: for each command, its exit status, what it printed, and
what it complained of. All commands run in this process: starting one for each
would take minutes. What is shown is the first of what was listed.
"""
import contextlib
import io
import json
import sys

from openstackclient import shell

# The list, the column that names a row, and how one is shown ('' for not at all).
NOUNS = (
    ('catalog list', 'Name', 'catalog show'),
    ('project list', 'ID', 'project show'),
    ('user list', 'ID', 'user show'),
    ('group list', 'ID', 'group show'),
    ('role list', 'ID', 'role show'),
    ('domain list', 'ID', 'domain show'),
    ('role assignment list --names', '', ''),
    ('region list', 'Region', 'region show'),
    ('service list', 'ID', 'service show'),
    ('endpoint list', 'ID', 'endpoint show'),
    ('server list --all-projects', 'ID', 'server show'),
    ('server list --all-projects --long --no-name-lookup', 'ID', ''),
    ('flavor list --all', 'ID', 'flavor show'),
    ('hypervisor list', 'ID', 'hypervisor show'),
    ('compute service list', '', ''),
    ('availability zone list --compute --long', '', ''),
    ('aggregate list', 'ID', 'aggregate show'),
    ('server group list --all-projects', 'ID', 'server group show'),
    ('keypair list', 'Name', 'keypair show'),
    ('usage list', '', ''),
    ('limits show --absolute', '', ''),
    ('quota show', '', ''),
    ('network list', 'ID', 'network show'),
    ('subnet list', 'ID', 'subnet show'),
    ('port list', 'ID', 'port show'),
    ('router list', 'ID', 'router show'),
    ('floating ip list', 'ID', 'floating ip show'),
    ('security group list', 'ID', 'security group show'),
    ('security group rule list', 'ID', 'security group rule show'),
    ('network agent list', 'ID', 'network agent show'),
    ('ip availability list', 'Network ID', 'ip availability show'),
    ('extension list --network', '', ''),
    ('volume list --all-projects', 'ID', 'volume show'),
    ('volume snapshot list --all-projects', 'ID', 'volume snapshot show'),
    ('volume backup list --all-projects', 'ID', 'volume backup show'),
    ('volume type list', 'ID', 'volume type show'),
    ('volume service list', '', ''),
    ('volume backend pool list --long', '', ''),
    ('image list', 'ID', 'image show'),
    ('image list --long', 'ID', ''),
    ('stack list', 'ID', 'stack show'),
    ('resource provider list', 'uuid', 'resource provider show'),
)
# With a row of an earlier list for an argument.
MORE = (
    ('server list --all-projects', 'server event list'),
    ('server list --all-projects', 'console log show'),
    ('server list --all-projects', 'server volume list'),
    ('stack list', 'stack resource list'),
    ('stack list', 'stack event list'),
    ('resource provider list', 'resource provider inventory list'),
)


def run(command):
    out, complaint = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(complaint):
        try:
            status = shell.main(command)
        except SystemExit as end:
            status = end.code
    return status, out.getvalue(), complaint.getvalue()


def main():
    reports, first = [], {}

    def report(command, as_json=True):
        words = command if isinstance(command, list) else command.split()
        status, out, complaint = run(words + ['-f', 'json'] * as_json)
        reports.append({'command': ' '.join(words), 'status': status,
                        'rows': None, 'complaint': complaint.strip()})
        if status == 0 and as_json:
            rows = json.loads(out or '[]')
            reports[-1]['rows'] = len(rows)
            return rows
        return None

    for listing, column, showing in NOUNS:
        rows = report(listing)
        if rows and column and isinstance(rows, list):
            first[listing] = rows[0][column]
            if showing:
                report(showing.split() + [str(rows[0][column])])
    for listing, command in MORE:
        if listing in first:
            report(command.split() + [first[listing]],
                   as_json='console log' not in command)
    json.dump(reports, sys.stdout, indent=1)


if __name__ == '__main__':
    main()
