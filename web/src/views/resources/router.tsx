import { graphql } from '../../graphql/graphql';
import { Thing } from '../../ui/link';
import { Status, YesNo } from '../../ui/status';
import { Around, FloatingIpsAround, age, kind, text } from './kind';

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
  what: 'router',
  list: { title: 'Routers', path: '/network?tab=routers' },
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
