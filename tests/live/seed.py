"""Add to a seeded cloud what the live suite wants and `cloud seed` lacks.

    OS_CLOUD=epoxy python tests/live/seed.py [--clouds-yaml FILE]

Every name begins with `live-`, nothing is random, and what is there already
is left alone, so that it can be run again at any time. It needs an admin
whose OS_CLOUD entry has a project, a flavor and an image made by `cloud seed`,
and its `project-1`. Most of it is made in the admin's project, because stacks,
keypairs and quotas can be read in the credential's own project only.

With --clouds-yaml it also writes the clouds `epoxy-member` and `epoxy-reader`
(users of project-1 with just that role), where OS_CLOUD is `epoxy`.
"""
import argparse

import openstack

PUBLIC_KEY = ('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0B3m3pGmaqZ0mZ7tYBnF8'
              'kqfLr5vG0k2hQw1lJ8n0m live')
PASSWORD = 'live-secret'
OTHER_PROJECT = 'project-1'
STACK = """
heat_template_version: 2021-04-16
description: A server with a port and a volume
parameters:
  network: {type: string}
  flavor: {type: string, default: m1.tiny}
  image: {type: string, default: cirros-0.6}
  token: {type: string, hidden: true, default: live-hidden-parameter}
resources:
  port:
    type: OS::Neutron::Port
    properties: {name: live-stack-port, network: {get_param: network}}
  server:
    type: OS::Nova::Server
    properties:
      name: live-stack-server
      flavor: {get_param: flavor}
      image: {get_param: image}
      networks: [{port: {get_resource: port}}]
  volume:
    type: OS::Cinder::Volume
    properties: {name: live-stack-volume, size: 2}
  attachment:
    type: OS::Cinder::VolumeAttachment
    properties:
      instance_uuid: {get_resource: server}
      volume_id: {get_resource: volume}
outputs:
  server_id:
    description: The server
    value: {get_resource: server}
  addresses: {value: {get_attr: [server, addresses]}}
  numbers: {value: [1, 2, 3]}
"""
FAILED_STACK = """
heat_template_version: 2021-04-16
resources:
  failing:
    type: OS::Heat::TestResource
    properties: {fail: true, value: live}
"""

parser = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument('--clouds-yaml', help='where to write the two clouds')
args = parser.parse_args()
admin = openstack.connect()


def say(text):
    print(text, flush=True)


# ------------------------------------------------------------------- people

def people():
    roles = {role.name: role for role in admin.identity.roles()}
    project = admin.identity.find_project(OTHER_PROJECT, ignore_missing=False)
    for role in ('member', 'reader'):
        name = 'live-' + role
        user = admin.identity.find_user(name) or admin.identity.create_user(
            name=name, password=PASSWORD, domain_id='default',
            default_project_id=project.id, email=name + '@example.com',
            description='Für die Live-Suite: ' + role)
        admin.identity.assign_project_role_to_user(project, user, roles[role])
    group = admin.identity.find_group('live-operators') or \
        admin.identity.create_group(name='live-operators', domain_id='default',
                                    description='Reads everything')
    admin.identity.add_user_to_group(user, group)
    admin.identity.assign_project_role_to_group(
        admin.current_project_id, group, roles['reader'])
    admin.identity.assign_domain_role_to_group(
        'default', group, roles['reader'])
    if not admin.identity.find_user('live-disabled'):
        admin.identity.create_user(name='live-disabled', domain_id='default',
                                   password=PASSWORD, is_enabled=False)
    # Ten servers, the default, are too few for what follows.
    admin.set_compute_quotas(admin.current_project_id, instances=40, cores=80,
                             ram=204800)
    return project


def as_user(name):
    auth = {key: value for key, value in admin.config.config['auth'].items()
            if key in ('auth_url', 'user_domain_name', 'user_domain_id',
                       'project_domain_name', 'project_domain_id')}
    auth.update(username=name, password=PASSWORD, project_name=OTHER_PROJECT)
    auth.setdefault('user_domain_name', 'Default')
    auth.setdefault('project_domain_name', 'Default')
    return {'auth': auth, 'region_name': admin.config.region_name,
            'auth_type': 'password'}


def write_clouds(path):
    import yaml
    clouds = {'%s-%s' % (admin.config.name, role): as_user('live-' + role)
              for role in ('member', 'reader')}
    with open(path, 'w') as file:
        yaml.safe_dump({'clouds': clouds}, file)
    say('clouds %s in %s' % (', '.join(clouds), path))


# ------------------------------------------------------------------ network

def network():
    neutron = admin.network
    net = neutron.find_network(
        'live-net', project_id=admin.current_project_id) or \
        neutron.create_network(name='live-net', description='Zwei Familien')
    for name, version, cidr, extra in (
            ('live-subnet-4', 4, '10.99.0.0/24',
             {'dns_nameservers': ['9.9.9.9'], 'host_routes': [
                 {'destination': '192.0.2.0/24', 'nexthop': '10.99.0.254'}]}),
            ('live-subnet-6', 6, 'fd00:99::/64',
             {'ipv6_ra_mode': 'slaac', 'ipv6_address_mode': 'slaac'})):
        if not neutron.find_subnet(name):
            neutron.create_subnet(network_id=net.id, name=name, cidr=cidr,
                                  ip_version=version, **extra)
    if not neutron.find_router('live-router'):
        public = neutron.find_network('public', ignore_missing=False)
        router = neutron.create_router(
            name='live-router', external_gateway_info={
                'network_id': public.id})
        subnet = neutron.find_subnet('live-subnet-4', ignore_missing=False)
        neutron.add_interface_to_router(router, subnet_id=subnet.id)
    group = neutron.find_security_group('live-rules')
    if not group:
        group = neutron.create_security_group(
            name='live-rules', description='One rule of every kind')
        for rule in (
                {'protocol': 'icmp', 'port_range_min': 8},
                {'protocol': 'udp', 'port_range_min': 53,
                 'port_range_max': 53, 'remote_ip_prefix': 'fd00::/8',
                 'ether_type': 'IPv6'},
                {'protocol': 'tcp', 'port_range_min': 5432,
                 'port_range_max': 5432, 'remote_group_id': group.id},
                {'protocol': '112'}):
            neutron.create_security_group_rule(
                security_group_id=group.id, direction='ingress', **rule)
    if not list(neutron.ports(name='live-loose-port')):
        neutron.create_port(network_id=net.id, name='live-loose-port',
                            security_group_ids=[group.id])
    return net


# ------------------------------------------------------- images and volumes

def images(other):
    glance = admin.image
    for name, extra in (
            ('live-shared-image', {'visibility': 'shared'}),
            ('live-community-image', {'visibility': 'community'}),
            ('live-hidden-image', {'visibility': 'public'})):
        found = [i for hidden in (False, True) for i in glance.images(
            name=name, visibility='all', is_hidden=hidden)]
        if not found:
            found = [glance.create_image(
                name, data=name.encode() * 100, disk_format='raw',
                container_format='bare', min_ram=64, tags=['live', 'blue'],
                live_property='grün', validate_checksum=False, **extra)]
        if 'hidden' in name and not found[0].is_hidden:
            glance.update_image(found[0], is_hidden=True)
        if name == 'live-shared-image' and not list(glance.members(found[0])):
            glance.add_member(found[0], member_id=other.id)


def volume(name, **what):
    cinder = admin.block_storage
    found = next(cinder.volumes(name=name), None)
    if not found:
        found = cinder.create_volume(name=name, **what)
        found = cinder.wait_for_status(found, interval=1, wait=300)
    return found


def volumes():
    cinder = admin.block_storage
    image = admin.image.find_image('cirros-0.6', ignore_missing=False)
    boot = volume('live-boot-volume', size=2, image_id=image.id)
    data = volume('live-data-volume', size=3, volume_type='ssd',
                  description='Daten für live-server',
                  metadata={'live': 'ja', 'empty': ''})
    if not any(v.metadata.get('live') == 'nameless'
               for v in cinder.volumes()):
        cinder.create_volume(size=1, metadata={'live': 'nameless'})
    if not next(cinder.snapshots(name='live-snapshot'), None):
        cinder.create_snapshot(volume_id=data.id, name='live-snapshot',
                               is_forced=True)
    return boot, data


# ------------------------------------------------------------------ servers

def flavor(name, **what):
    return admin.compute.find_flavor(name) or admin.compute.create_flavor(
        name=name, vcpus=1, ram=512, **what)


def server(cloud, name, count=1, status='ACTIVE', **what):
    """The servers of that name in the caller's project, made if missing."""
    have = [s for s in cloud.compute.servers(all_projects=False)
            if s.name == name]
    for _ in range(count - len(have)):
        made = cloud.compute.create_server(name=name, **what)
        failures = [] if status == 'ERROR' else ['ERROR']
        have.append(cloud.compute.wait_for_server(
            made, status=status, failures=failures, interval=1, wait=300))
    return have[0]


def servers(net, boot, data):
    nova = admin.compute
    tiny = nova.find_flavor('m1.tiny', ignore_missing=False)
    image = admin.image.find_image('cirros-0.6', ignore_missing=False)
    if not nova.find_keypair('live-key'):
        nova.create_keypair(name='live-key', public_key=PUBLIC_KEY)
    plain = {'flavor_id': tiny.id, 'image_id': image.id,
             'networks': [{'uuid': net.id}]}

    main = server(admin, 'live-server', **plain, key_name='live-key',
                  metadata={'role': 'live', 'size': 'größer', 'empty': ''},
                  description='Der eine mit allem')
    nova.put('/servers/%s/tags' % main.id,
             json={'tags': ['live', 'blue', 'grün']}, microversion='2.26')
    if data.status == 'available':
        nova.create_volume_attachment(main, volume_id=data.id)
        admin.block_storage.wait_for_status(data, 'in-use', interval=1,
                                            wait=300)
    floating_ip(main)

    server(admin, 'live-from-volume', flavor_id=tiny.id,
           networks=plain['networks'], block_device_mapping=[{
               'uuid': boot.id, 'source_type': 'volume', 'boot_index': 0,
               'destination_type': 'volume', 'delete_on_termination': False}])
    # Umlauts would end up in the host name, which Neutron then refuses.
    server(admin, 'live-服务器', **plain)
    server(admin, 'live-twin', count=2, **plain)
    locked = server(admin, 'live-locked', **plain)
    nova.post('/servers/%s/action' % locked.id, microversion='2.73',
              json={'lock': {'locked_reason': 'Nicht anfassen'}})
    # 2 PiB of disk: no hypervisor has them, and no quota counts them.
    impossible = flavor('live-impossible', disk=2_000_000)
    server(admin, 'live-fault', status='ERROR',
           **dict(plain, flavor_id=impossible.id))

    group = next((g for g in nova.server_groups()
                  if g.name == 'live-group'), None) or \
        nova.create_server_group(name='live-group',
                                 policy='soft-anti-affinity')
    for name in ('live-group-1', 'live-group-2'):
        server(admin, name, **plain, scheduler_hints={'group': group.id})


def floating_ip(target):
    neutron = admin.network
    if list(neutron.ips(description='live-floating-ip')):
        return
    port = next(neutron.ports(device_id=target.id))
    fixed = next(ip['ip_address'] for ip in port.fixed_ips
                 if ':' not in ip['ip_address'])
    public = neutron.find_network('public', ignore_missing=False)
    neutron.create_ip(floating_network_id=public.id, port_id=port.id,
                      fixed_ip_address=fixed, description='live-floating-ip')


def others_servers(other):
    """In project-1, by its member: a third server called `live-twin`."""
    member = openstack.connection.Connection(**as_user('live-member'))
    tiny = member.compute.find_flavor('m1.tiny', ignore_missing=False)
    image = member.image.find_image('cirros-0.6', ignore_missing=False)
    if not member.compute.find_keypair('live-member-key'):
        member.compute.create_keypair(name='live-member-key',
                                      public_key=PUBLIC_KEY)
    net = member.network.find_network(OTHER_PROJECT + '-net-1',
                                      ignore_missing=False)
    server(member, 'live-twin', flavor_id=tiny.id, image_id=image.id,
           key_name='live-member-key', networks=[{'uuid': net.id}])
    private = flavor('live-private', disk=1, is_public=False)
    if not any(row['tenant_id'] == other.id
               for row in admin.compute.get_flavor_access(private)):
        admin.compute.flavor_add_tenant_access(private, other.id)


def aggregate():
    nova = admin.compute
    made = next((a for a in nova.aggregates()
                 if a.name == 'live-aggregate'), None)
    if not made:
        made = nova.create_aggregate(name='live-aggregate')
        nova.set_aggregate_metadata(made, {'ssd': 'true'})
        host = sorted(s.host for s in nova.services(binary='nova-compute'))[0]
        nova.add_host_to_aggregate(made, host)


# ------------------------------------------------------------------- stacks

def stacks():
    heat = admin.orchestration
    have = {stack.name for stack in heat.stacks()}
    for name, template, parameters, status in (
            ('live-stack', STACK, {'network': 'live-net'}, 'CREATE_COMPLETE'),
            ('live-stack-failed', FAILED_STACK, {}, 'CREATE_FAILED')):
        if name in have:
            continue
        made = heat.create_stack(
            name=name, template=template, parameters=parameters,
            timeout_mins=5, tags='live,blue', is_rollback_disabled=True)
        heat.wait_for_status(made, status, [], interval=1, wait=300)


def main():
    other = people()
    if args.clouds_yaml:
        write_clouds(args.clouds_yaml)
    net = network()
    images(other)
    boot, data = volumes()
    say('people, network, images, volumes')
    servers(net, boot, data)
    others_servers(other)
    aggregate()
    say('servers')
    stacks()
    say('stacks')


if __name__ == '__main__':
    main()
