import { graphql } from '../../graphql/graphql';
import { formatCount } from '../../lib/format';
import { Bar } from '../../ui/bar';
import { Thing } from '../../ui/link';
import { Status, YesNo } from '../../ui/status';
import { Around, PORT_ROW, PortsAround, age, kind, text } from './kind';

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
  what: 'network',
  list: { title: 'Networks', path: '/network?tab=networks' },
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
