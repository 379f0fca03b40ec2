"""Print, as one JSON document, what a cloud says of itself to openstacksdk.

The live suite compares the graph and every tool with this, value by value, so
nothing here is renamed, converted or computed: each noun is the list that its
service answered, at a fixed microversion, sorted by id. What the credential
may not see is null, and `refused` has the status that said so.

    OS_CLOUD=epoxy python tests/live/oracle.py > truth.json

openstacksdk finds the cloud (OS_CLOUD, OS_CLIENT_CONFIG_FILE), logs in, reads
the catalog; the requests themselves are plain, since the SDK's classes hide
fields and fill in others.
"""
import concurrent.futures as futures
import json
import sys

import openstack

PAGE = 500
COMPUTE = '2.96'        # every release since Caracal
HYPERVISORS = '2.87'    # the last one with capacities
KEYPAIR = '2.91'
VOLUME = '3.70'
PLACEMENT = '1.39'

cloud = openstack.connect()
refused = {}


def get(noun, service, path, key=None, microversion=None, **params):
    """One answer, or null when the credential is refused it."""
    answer = service.get(path, params=params, microversion=microversion)
    if answer.status_code >= 400:
        refused[noun] = answer.status_code
        return None
    body = answer.json()
    return body if key is None else body[key]


def pages(noun, service, path, key, microversion=None, marker='id', **params):
    """A whole list, page by page from the last row's id."""
    rows, last = [], {}
    while True:
        page = get(noun, service, path, key, microversion, limit=PAGE,
                   **params, **last)
        if page is None:
            return None
        rows += page
        if len(page) < PAGE:
            return rows
        last = {'marker': page[-1][marker]}


def everywhere(noun, service, path, key, switch, **rest):
    """All projects' rows where the credential may see them, else its own."""
    rows = pages(noun, service, path, key, **switch, **rest)
    if rows is None:
        del refused[noun]
        rows = pages(noun, service, path, key, **rest)
    return rows


def each(rows, work):
    """`work` on each row, several at a time: {row's id: answer}."""
    with futures.ThreadPoolExecutor(6) as pool:
        made = pool.map(work, rows)
    return {row['id']: answer for row, answer in zip(rows, made)}


def compute(truth):
    nova = cloud.compute
    truth['servers'] = everywhere(
        'servers', nova, '/servers/detail', 'servers', {'all_tenants': 1},
        microversion=COMPUTE)
    # Nova's lists leave out the faults of servers that never got to a host.
    for server in truth['servers'] or []:
        if server['status'] == 'ERROR' and not server.get('fault'):
            shown = get('servers', nova, '/servers/%s' % server['id'],
                        'server', COMPUTE)
            server['fault'] = shown.get('fault')
    truth['flavors'] = everywhere(
        'flavors', nova, '/flavors/detail', 'flavors', {'is_public': 'None'},
        microversion=COMPUTE)
    truth['hypervisors'] = pages(
        'hypervisors', nova, '/os-hypervisors/detail', 'hypervisors',
        HYPERVISORS)
    truth['compute_services'] = get(
        'compute_services', nova, '/os-services', 'services', COMPUTE)
    zones = get('availability_zones', nova, '/os-availability-zone/detail',
                'availabilityZoneInfo', COMPUTE)
    if zones is None:
        del refused['availability_zones']
        zones = get('availability_zones', nova, '/os-availability-zone',
                    'availabilityZoneInfo', COMPUTE)
    truth['availability_zones'] = zones
    truth['aggregates'] = get(
        'aggregates', nova, '/os-aggregates', 'aggregates', COMPUTE)
    truth['server_groups'] = get(
        'server_groups', nova, '/os-server-groups', 'server_groups', COMPUTE,
        all_projects='true')
    truth['keypairs'] = [row['keypair'] for row in get(
        'keypairs', nova, '/os-keypairs', 'keypairs', KEYPAIR)]
    truth['compute_limits'] = get('compute_limits', nova, '/limits', 'limits',
                                  COMPUTE)
    some = [s for s in truth['servers'] if s['name'].startswith('live-')]
    some += truth['servers'][:3]
    truth['server_actions'] = each(some, actions)
    truth['consoles'] = each(some[:2], console)


def actions(server):
    path = '/servers/%s/os-instance-actions' % server['id']
    found = get('server_actions', cloud.compute, path, 'instanceActions',
                COMPUTE) or []
    return [get('server_actions', cloud.compute,
                '%s/%s' % (path, action['request_id']), 'instanceAction',
                COMPUTE) for action in found]


def console(server):
    answer = cloud.compute.post(
        '/servers/%s/action' % server['id'],
        json={'os-getConsoleOutput': {'length': 20}}, microversion=COMPUTE)
    return answer.json()['output'] if answer.ok else None


def network(truth):
    neutron = cloud.network
    for noun, path in (
            ('networks', 'networks'), ('subnets', 'subnets'),
            ('ports', 'ports'), ('routers', 'routers'),
            ('floating_ips', 'floatingips'),
            ('security_groups', 'security-groups'),
            ('security_group_rules', 'security-group-rules'),
            ('network_agents', 'agents'),
            ('network_availability_zones', 'availability_zones')):
        truth[noun] = get(noun, neutron, '/' + path, path.replace('-', '_'))


def block_storage(truth):
    cinder = cloud.block_storage
    spans = {'all_tenants': 1}
    for noun, path, key in (
            ('volumes', '/volumes/detail', 'volumes'),
            ('volume_attachments', '/attachments/detail', 'attachments'),
            ('volume_snapshots', '/snapshots/detail', 'snapshots'),
            ('volume_backups', '/backups/detail', 'backups')):
        truth[noun] = everywhere(noun, cinder, path, key, spans,
                                 microversion=VOLUME)
    truth['volume_types'] = everywhere(
        'volume_types', cinder, '/types', 'volume_types',
        {'is_public': 'None'}, microversion=VOLUME)
    truth['volume_services'] = get(
        'volume_services', cinder, '/os-services', 'services', VOLUME)
    truth['storage_pools'] = get(
        'storage_pools', cinder, '/scheduler-stats/get_pools', 'pools',
        VOLUME, detail='true')


def image(truth):
    glance = cloud.image
    rows = pages('images', glance, '/images', 'images', visibility='all')
    # A list without it leaves the hidden ones out.
    hidden = pages('images', glance, '/images', 'images', visibility='all',
                   os_hidden='true')
    truth['images'] = rows
    truth['hidden_images'] = hidden
    shared = [row for row in rows if row['visibility'] == 'shared']
    truth['image_members'] = each(shared, lambda row: get(
        'image_members', glance, '/images/%s/members' % row['id'], 'members'))


def identity(truth):
    keystone = cloud.identity
    for noun in ('users', 'groups', 'projects', 'domains'):
        truth[noun] = pages(noun, keystone, '/' + noun, noun)
    # Who may not list them may see those of his own.
    if truth['projects'] is None:
        truth['projects'] = get('own_projects', keystone, '/auth/projects',
                                'projects')
    if truth['users'] is None:
        own = get('own_user', keystone, '/users/' + cloud.current_user_id,
                  'user')
        truth['users'] = own and [own]
    # These refuse a limit.
    for noun in ('roles', 'regions', 'services', 'endpoints'):
        truth[noun] = get(noun, keystone, '/' + noun, noun)
    own_identity(truth)
    truth['role_assignments'] = get(
        'role_assignments', keystone, '/role_assignments', 'role_assignments',
        include_names='true')
    truth['group_users'] = each(truth['groups'] or [], lambda row: get(
        'group_users', keystone, '/groups/%s/users' % row['id'], 'users'))


def own_identity(truth):
    """What Keystone tells those who may not list its nouns."""
    keystone = cloud.identity
    token = cloud.session.auth.get_access(cloud.session)._data['token']
    if truth['groups'] is None:
        truth['groups'] = get(
            'own_groups', keystone,
            '/users/%s/groups' % cloud.current_user_id, 'groups')
    if truth['roles'] is None:
        truth['roles'] = token['roles']
    if truth['domains'] is None:
        domains = get('own_domains', keystone, '/auth/domains', 'domains')
        home = token['user']['domain']['id']
        if home not in [row['id'] for row in domains]:
            domains.append(get('own_domain', keystone, '/domains/' + home,
                               'domain'))
        truth['domains'] = domains
    # The catalog has no switched-off ones, and does not say so.
    if truth['services'] is None:
        truth['services'] = [dict(row, enabled=True)
                             for row in token['catalog']]
    if truth['endpoints'] is None:
        truth['endpoints'] = [
            dict(row, service_id=service['id'], enabled=True)
            for service in token['catalog'] for row in service['endpoints']]


def orchestration(truth):
    heat = cloud.orchestration
    truth['stacks'] = get('stacks', heat, '/stacks', 'stacks')
    truth['stack_details'] = each(truth['stacks'] or [], stack)


def stack(row):
    path = '/stacks/%s/%s' % (row['stack_name'], row['id'])
    heat = cloud.orchestration
    return {
        'stack': get('stacks', heat, path, 'stack'),
        'resources': get('stacks', heat, path + '/resources', 'resources',
                         nested_depth=5),
        'events': get('stacks', heat, path + '/events', 'events'),
        'template': get('stacks', heat, path + '/template'),
    }


def placement(truth):
    rows = get('resource_providers', cloud.placement, '/resource_providers',
               'resource_providers', PLACEMENT)
    truth['resource_providers'] = rows

    def provider(row):
        return {part: get('resource_providers', cloud.placement,
                          '/resource_providers/%s/%s' % (row['uuid'], part),
                          part, PLACEMENT)
                for part in ('inventories', 'usages', 'traits', 'aggregates')}
    truth['resource_provider_details'] = each(
        [dict(row, id=row['uuid']) for row in rows or []], provider)


def quotas(truth):
    """The quotas of the credential's own project and of one other."""
    own = cloud.current_project_id
    others = sorted(row['id'] for row in truth['projects'] or []
                    if row['name'] == 'project-1' and row['id'] != own)
    truth['quotas'] = {project: {
        'compute': get('quotas', cloud.compute,
                       '/os-quota-sets/%s/detail' % project, 'quota_set',
                       COMPUTE),
        'network': get('quotas', cloud.network,
                       '/quotas/%s/details' % project, 'quota'),
        'volume': get('quotas', cloud.block_storage,
                      '/os-quota-sets/%s' % project, 'quota_set', VOLUME,
                      usage='true'),
    } for project in [own] + others[:1]}


def ordered(value):
    """Lists of things by id, so that two runs print the same."""
    if not isinstance(value, list):
        return value
    return sorted(value, key=lambda row: (
        str(row.get('id', '')), json.dumps(row, sort_keys=True)))


def main():
    truth = {'scope': {
        'project_id': cloud.current_project_id,
        'user_id': cloud.current_user_id,
        'roles': sorted(role['name'] for role in cloud.session.auth.get_access(
            cloud.session)._data['token']['roles']),
    }}
    for part in (compute, network, block_storage, image, identity,
                 orchestration, placement, quotas):
        part(truth)
    truth['refused'] = refused
    json.dump({noun: ordered(rows) for noun, rows in truth.items()},
              sys.stdout, indent=1, ensure_ascii=False, sort_keys=True)
    print()


if __name__ == '__main__':
    main()
