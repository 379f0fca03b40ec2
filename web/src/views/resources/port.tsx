import { graphql } from '../../graphql/graphql';
import { Thing } from '../../ui/link';
import { None, YesNo } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Card } from '../../ui/view';
import { Around, FloatingIpsAround, age, kind, text } from './kind';

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
  what: 'port',
  list: { title: 'Networks', path: '/network?tab=networks' },
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
