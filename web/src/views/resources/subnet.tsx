import { graphql } from '../../graphql/graphql';
import { formatCount } from '../../lib/format';
import { Bar } from '../../ui/bar';
import { Thing } from '../../ui/link';
import { YesNo } from '../../ui/status';
import { PORT_ROW, PortsAround, age, kind, text } from './kind';

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
  what: 'subnet',
  list: { title: 'Networks', path: '/network?tab=networks' },
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
