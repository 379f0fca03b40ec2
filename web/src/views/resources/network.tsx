import { graphql } from '../../graphql/graphql';
import { formatCount, portRange } from '../../lib/format';
import { Bar } from '../../ui/bar';
import { Thing } from '../../ui/link';
import { None, Status, YesNo } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Card } from '../../ui/view';
import { Around, FloatingIpsAround, PortsAround, age, kind, text } from './kind';

const PORT_ROW = graphql(`
  fragment PortRow on Port {
    id
    name
    status
    deviceOwner
    serverId
    server {
      id
      name
    }
    fixedIps {
      ipAddress
    }
  }
`);

const NETWORK = graphql(
  `
    query NetworkDetails($cloud: String, $id: Ref!) {
      cloud(name: $cloud) {
        network(id: $id) {
          id
          name
          description
          status
          isAdminStateUp
          isShared
          isExternal
          mtu
          projectId
          project {
            id
            name
          }
          providerNetworkType
          providerPhysicalNetwork
          providerSegmentationId
          isPortSecurityEnabled
          usedIps
          totalIps
          createdAt
          updatedAt
          subnets(first: 100) {
            pageInfo {
              hasNextPage
            }
            nodes {
              id
              name
              cidr
              gatewayIp
              isDhcpEnabled
            }
          }
          routers(first: 100) {
            pageInfo {
              hasNextPage
            }
            nodes {
              id
              name
              status
            }
          }
          ports(first: 200) {
            pageInfo {
              hasNextPage
            }
            nodes {
              ...PortRow
            }
          }
        }
      }
    }
  `,
  [PORT_ROW],
);

export const network = kind({
  list: { title: 'Network', path: '/network' },
  document: NETWORK,
  pick: (data) => data.cloud?.network,
  name: (node) => node.name,
  status: (node) => node.status,
  facts: (node) => [
    ['Up by will', <YesNo key="up" value={node.isAdminStateUp} />],
    ['External', <YesNo key="external" value={node.isExternal} />],
    ['Shared', <YesNo key="shared" value={node.isShared} />],
    [
      'Addresses',
      <Bar
        key="ips"
        used={node.usedIps === null ? null : Number(node.usedIps)}
        total={node.totalIps === null ? null : Number(node.totalIps)}
        format={formatCount}
        label="Addresses taken"
      />,
    ],
    ['MTU', text(node.mtu)],
    [
      'Provider',
      text(
        [node.providerNetworkType, node.providerPhysicalNetwork, node.providerSegmentationId]
          .filter((each) => each !== null)
          .join(' '),
      ),
    ],
    ['Port security', <YesNo key="security" value={node.isPortSecurityEnabled} />],
    ['Description', text(node.description)],
    ['Project', <Thing key="project" kind="Project" thing={node.project} id={node.projectId} />],
    ['Created', age(node.createdAt)],
    ['Changed', age(node.updatedAt)],
  ],
  related: (node) => (
    <>
      <Around
        title="Subnets"
        kind="Subnet"
        of={node.subnets}
        empty="It has no subnet."
        columns={[
          { title: 'Range', cell: (row) => <code>{row.cidr}</code> },
          { title: 'Gateway', cell: (row) => text(row.gatewayIp) },
          { title: 'DHCP', cell: (row) => <YesNo value={row.isDhcpEnabled} /> },
        ]}
      />
      <Around
        title="Routers"
        kind="Router"
        of={node.routers}
        empty="No router leads out of it."
        columns={[{ title: 'Status', cell: (row) => <Status status={row.status} /> }]}
      />
      <PortsAround of={node.ports} />
    </>
  ),
});

const SUBNET = graphql(
  `
    query Subnet($cloud: String, $id: Ref!) {
      cloud(name: $cloud) {
        subnet(id: $id) {
          id
          name
          description
          cidr
          ipVersion
          gatewayIp
          isDhcpEnabled
          dnsNameservers
          allocationPools {
            start
            end
          }
          usedIps
          totalIps
          networkId
          network {
            id
            name
          }
          projectId
          project {
            id
            name
          }
          createdAt
          ports(first: 200) {
            pageInfo {
              hasNextPage
            }
            nodes {
              ...PortRow
            }
          }
        }
      }
    }
  `,
  [PORT_ROW],
);

export const subnet = kind({
  list: { title: 'Network', path: '/network' },
  document: SUBNET,
  pick: (data) => data.cloud?.subnet,
  name: (node) => node.name ?? node.cidr,
  facts: (node) => [
    ['Range', <code key="cidr">{node.cidr}</code>],
    [
      'Addresses',
      <Bar
        key="ips"
        used={node.usedIps === null ? null : Number(node.usedIps)}
        total={node.totalIps === null ? null : Number(node.totalIps)}
        format={formatCount}
        label="Addresses taken"
      />,
    ],
    ['Gateway', text(node.gatewayIp)],
    ['DHCP', <YesNo key="dhcp" value={node.isDhcpEnabled} />],
    ['Name servers', text(node.dnsNameservers.join(', '))],
    [
      'Given out',
      text(node.allocationPools.map((each) => `${each.start} – ${each.end}`).join(', ')),
    ],
    ['Network', <Thing key="network" kind="Network" thing={node.network} id={node.networkId} />],
    ['Project', <Thing key="project" kind="Project" thing={node.project} id={node.projectId} />],
    ['Created', age(node.createdAt)],
  ],
  related: (node) => <PortsAround of={node.ports} />,
});

const PORT = graphql(`
  query Port($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      port(id: $id) {
        id
        name
        description
        status
        isAdminStateUp
        macAddress
        deviceOwner
        deviceId
        serverId
        server {
          id
          name
        }
        router {
          id
          name
        }
        networkId
        network {
          id
          name
        }
        bindingHostId
        bindingVifType
        isPortSecurityEnabled
        fixedIps {
          ipAddress
          subnet {
            id
            name
            cidr
          }
        }
        projectId
        project {
          id
          name
        }
        createdAt
        securityGroups(first: 100) {
          nodes {
            id
            name
          }
        }
        floatingIps(first: 50) {
          nodes {
            id
            floatingIpAddress
            fixedIpAddress
            status
          }
        }
      }
    }
  }
`);

export const port = kind({
  list: { title: 'Network', path: '/network' },
  document: PORT,
  pick: (data) => data.cloud?.port,
  name: (node) => (node.name ? node.name : (node.fixedIps[0]?.ipAddress ?? null)),
  status: (node) => node.status,
  facts: (node) => [
    [
      'Of',
      node.serverId ? (
        <Thing key="server" kind="Server" thing={node.server} id={node.serverId} />
      ) : node.router ? (
        <Thing key="router" kind="Router" thing={node.router} />
      ) : (
        text(node.deviceOwner)
      ),
    ],
    ['Network', <Thing key="network" kind="Network" thing={node.network} id={node.networkId} />],
    ['MAC', <code key="mac">{node.macAddress}</code>],
    ['Up by will', <YesNo key="up" value={node.isAdminStateUp} />],
    ['Bound to', text(node.bindingHostId)],
    ['As', text(node.bindingVifType)],
    ['Port security', <YesNo key="security" value={node.isPortSecurityEnabled} />],
    ['Project', <Thing key="project" kind="Project" thing={node.project} id={node.projectId} />],
    ['Created', age(node.createdAt)],
  ],
  related: (node) => (
    <>
      <Card title="Addresses">
        <Rows
          label="Addresses"
          rows={node.fixedIps}
          empty="It has no address."
          columns={[
            { title: 'Address', cell: (each) => each.ipAddress },
            {
              title: 'Subnet',
              cell: (each) =>
                each.subnet ? <Thing kind="Subnet" thing={each.subnet} /> : <None />,
            },
            { title: 'Range', cell: (each) => <code>{each.subnet?.cidr}</code> },
          ]}
        />
      </Card>
      <FloatingIpsAround of={node.floatingIps} />
      <Around
        title="Security groups"
        kind="SecurityGroup"
        of={node.securityGroups}
        empty="It has none."
      />
    </>
  ),
});

const ROUTER = graphql(`
  query Router($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      router(id: $id) {
        id
        name
        description
        status
        isAdminStateUp
        isHa
        isDistributed
        externalGateway {
          networkId
          isSnatEnabled
          fixedIps {
            ipAddress
          }
        }
        externalNetwork {
          id
          name
        }
        routes {
          destination
          nexthop
        }
        projectId
        project {
          id
          name
        }
        createdAt
        updatedAt
        interfaces(first: 100) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            status
            networkId
            network {
              id
              name
            }
            fixedIps {
              ipAddress
            }
          }
        }
        floatingIps(first: 100) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            floatingIpAddress
            fixedIpAddress
            status
          }
        }
      }
    }
  }
`);

export const router = kind({
  list: { title: 'Network', path: '/network' },
  document: ROUTER,
  pick: (data) => data.cloud?.router,
  name: (node) => node.name,
  status: (node) => node.status,
  facts: (node) => [
    [
      'Leads to',
      node.externalGateway ? (
        <Thing
          key="external"
          kind="Network"
          thing={node.externalNetwork}
          id={node.externalGateway.networkId}
        />
      ) : (
        'nowhere outside'
      ),
    ],
    ['As', text(node.externalGateway?.fixedIps.map((each) => each.ipAddress).join(', '))],
    ['SNAT', <YesNo key="snat" value={node.externalGateway?.isSnatEnabled} />],
    ['Up by will', <YesNo key="up" value={node.isAdminStateUp} />],
    ['Distributed', <YesNo key="dvr" value={node.isDistributed} />],
    ['Highly available', <YesNo key="ha" value={node.isHa} />],
    [
      'Routes',
      text(node.routes.map((each) => `${each.destination} via ${each.nexthop}`).join(', ')),
    ],
    ['Description', text(node.description)],
    ['Project', <Thing key="project" kind="Project" thing={node.project} id={node.projectId} />],
    ['Created', age(node.createdAt)],
    ['Changed', age(node.updatedAt)],
  ],
  related: (node) => (
    <>
      <Around
        title="Interfaces"
        kind="Port"
        of={node.interfaces}
        empty="It has no interface."
        columns={[
          {
            title: 'Network',
            cell: (row) => <Thing kind="Network" thing={row.network} id={row.networkId} />,
          },
          {
            title: 'Address',
            cell: (row) => text(row.fixedIps.map((each) => each.ipAddress).join(', ')),
          },
          { title: 'Status', cell: (row) => <Status status={row.status} /> },
        ]}
      />
      <FloatingIpsAround of={node.floatingIps} />
    </>
  ),
});

const FLOATING_IP = graphql(`
  query FloatingIp($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      floatingIp(id: $id) {
        id
        floatingIpAddress
        fixedIpAddress
        status
        description
        isAssociated
        dnsName
        floatingNetworkId
        network {
          id
          name
        }
        portId
        port {
          id
          name
        }
        serverId
        serverName
        routerId
        router {
          id
          name
        }
        projectId
        project {
          id
          name
        }
        portForwardings {
          id
          protocol
          externalPort
          internalPort
          internalIpAddress
        }
        createdAt
        updatedAt
      }
    }
  }
`);

export const floatingIp = kind({
  list: { title: 'Network', path: '/network' },
  document: FLOATING_IP,
  pick: (data) => data.cloud?.floatingIp,
  name: (node) => node.floatingIpAddress,
  status: (node) => node.status,
  facts: (node) => [
    ['Leads to', text(node.fixedIpAddress)],
    [
      'Server',
      node.serverId ? (
        <Thing
          key="server"
          kind="Server"
          thing={node.serverName ? { id: node.serverId, name: node.serverName } : null}
          id={node.serverId}
        />
      ) : (
        <None key="none" />
      ),
    ],
    ['Port', <Thing key="port" kind="Port" thing={node.port} id={node.portId} />],
    ['Router', <Thing key="router" kind="Router" thing={node.router} id={node.routerId} />],
    [
      'Network',
      <Thing key="network" kind="Network" thing={node.network} id={node.floatingNetworkId} />,
    ],
    ['Project', <Thing key="project" kind="Project" thing={node.project} id={node.projectId} />],
    ['Description', text(node.description)],
    ['Created', age(node.createdAt)],
    ['Changed', age(node.updatedAt)],
  ],
  related: (node) => (
    <Card title="Forwarded ports">
      <Rows
        label="Forwarded ports"
        rows={node.portForwardings}
        empty="It forwards none."
        columns={[
          { title: 'Protocol', cell: (each) => each.protocol },
          { title: 'From', cell: (each) => each.externalPort },
          {
            title: 'To',
            cell: (each) => `${each.internalIpAddress ?? ''}:${each.internalPort ?? ''}`,
          },
        ]}
      />
    </Card>
  ),
});

const SECURITY_GROUP = graphql(
  `
    query SecurityGroup($cloud: String, $id: Ref!) {
      cloud(name: $cloud) {
        securityGroup(id: $id) {
          id
          name
          description
          isStateful
          isShared
          projectId
          project {
            id
            name
          }
          createdAt
          updatedAt
          rules(first: 500) {
            pageInfo {
              hasNextPage
            }
            nodes {
              id
              direction
              ethertype
              protocol
              portRangeMin
              portRangeMax
              remoteIpPrefix
              remoteGroupId
              remoteGroup {
                id
                name
              }
              description
            }
          }
          ports(first: 200) {
            pageInfo {
              hasNextPage
            }
            nodes {
              ...PortRow
            }
          }
        }
      }
    }
  `,
  [PORT_ROW],
);

export const securityGroup = kind({
  list: { title: 'Network', path: '/network' },
  document: SECURITY_GROUP,
  pick: (data) => data.cloud?.securityGroup,
  name: (node) => node.name,
  facts: (node) => [
    ['Description', text(node.description)],
    ['Stateful', <YesNo key="stateful" value={node.isStateful} />],
    ['Shared', <YesNo key="shared" value={node.isShared} />],
    ['Project', <Thing key="project" kind="Project" thing={node.project} id={node.projectId} />],
    ['Created', age(node.createdAt)],
    ['Changed', age(node.updatedAt)],
  ],
  related: (node) => (
    <>
      <Card title="Rules">
        <Rows
          label="Rules"
          rows={node.rules?.nodes}
          empty="No rule lets anything in or out."
          isCut={node.rules?.pageInfo.hasNextPage ?? false}
          columns={[
            {
              title: 'Direction',
              cell: (rule) => (rule.direction === 'INGRESS' ? '→ in' : '← out'),
            },
            {
              title: 'Protocol',
              cell: (rule) => `${rule.protocol ?? 'any'} (${rule.ethertype.replace('IPV', 'IPv')})`,
            },
            { title: 'Ports', cell: (rule) => portRange(rule.portRangeMin, rule.portRangeMax) },
            {
              title: 'Remote',
              cell: (rule) =>
                rule.remoteGroupId ? (
                  <Thing kind="SecurityGroup" thing={rule.remoteGroup} id={rule.remoteGroupId} />
                ) : (
                  (rule.remoteIpPrefix ?? 'anywhere')
                ),
            },
            { title: 'Description', cell: (rule) => text(rule.description) },
          ]}
        />
      </Card>
      <PortsAround of={node.ports} />
    </>
  ),
});
