import { graphql } from '../../graphql/graphql';
import { Thing } from '../../ui/link';
import { None } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Card } from '../../ui/view';
import { age, kind, text } from './kind';

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
  what: 'floating IP',
  list: { title: 'Floating IPs', path: '/network?tab=floating-ips' },
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
