import { Suspense, lazy, useCallback, useMemo } from 'react';

import { graphql, type ResultOf } from '../graphql/graphql';
import { useCaller } from '../lib/caller';
import { formatCount } from '../lib/format';
import { useLive } from '../lib/live';
import { topologyOf } from '../lib/topology';
import { useCloudName, useListParameter, useParameter } from '../lib/url-state';
import { Choose, Filters, SearchBox, thingChoices, wordChoices } from '../ui/filters';
import { Thing } from '../ui/link';
import { ListView, useOrder } from '../ui/list';
import { None, Status, YesNo } from '../ui/status';
import type { Column } from '../ui/table';
import { Tabs } from '../ui/tabs';
import { Age } from '../ui/time';
import { Empty, Loading, Missing } from '../ui/trouble';
import { View } from '../ui/view';

const TopologyMap = lazy(() =>
  import('../ui/topology-map').then((m) => ({ default: m.TopologyMap })),
);

const NETWORK_PART = graphql(`
  fragment NetworkPart on Network {
    id
    name
    status
    isExternal
    isShared
    subnets(first: 20) {
      nodes {
        id
        name
        cidr
      }
    }
  }
`);

const TOPOLOGY = graphql(
  `
    query Topology($cloud: String, $project: Ref) {
      cloud(name: $cloud) {
        networks(first: 300, filter: { project: $project }) {
          pageInfo {
            hasNextPage
          }
          nodes {
            ...NetworkPart
          }
        }
        external: networks(first: 50, filter: { isExternal: true }) {
          nodes {
            ...NetworkPart
          }
        }
        shared: networks(first: 50, filter: { isShared: true }) {
          nodes {
            ...NetworkPart
          }
        }
        routers(first: 200, filter: { project: $project }) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            status
            externalGateway {
              networkId
            }
            interfaces(first: 50) {
              nodes {
                id
                networkId
              }
            }
          }
        }
        ports(first: 1000, filter: { project: $project, hasServer: true }) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            networkId
            serverId
            server {
              id
              name
              status
            }
            fixedIps {
              ipAddress
            }
          }
        }
        floatingIps(first: 500, filter: { project: $project, isAssociated: true }) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            floatingIpAddress
            floatingNetworkId
            portId
            status
          }
        }
        projects(first: 1000, orderBy: { field: NAME }) {
          nodes {
            id
            name
          }
        }
      }
    }
  `,
  [NETWORK_PART],
);

const NETWORKS = graphql(`
  query Networks(
    $cloud: String
    $first: Int
    $after: String
    $filter: NetworkFilter
    $orderBy: NetworkOrder
  ) {
    cloud(name: $cloud) {
      networks(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          status
          isExternal
          isShared
          mtu
          providerNetworkType
          providerSegmentationId
          projectId
          project {
            id
            name
          }
          subnets(first: 10) {
            nodes {
              id
              name
              cidr
            }
          }
          createdAt
        }
      }
    }
  }
`);

const ROUTERS = graphql(`
  query Routers(
    $cloud: String
    $first: Int
    $after: String
    $filter: RouterFilter
    $orderBy: RouterOrder
  ) {
    cloud(name: $cloud) {
      routers(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          status
          isHa
          externalGateway {
            networkId
            fixedIps {
              ipAddress
            }
          }
          externalNetwork {
            id
            name
          }
          projectId
          project {
            id
            name
          }
          createdAt
        }
      }
    }
  }
`);

const FLOATING_IPS = graphql(`
  query FloatingIps(
    $cloud: String
    $first: Int
    $after: String
    $filter: FloatingIpFilter
    $orderBy: FloatingIpOrder
  ) {
    cloud(name: $cloud) {
      floatingIps(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          floatingIpAddress
          fixedIpAddress
          status
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
          createdAt
        }
      }
    }
  }
`);

const SECURITY_GROUPS = graphql(`
  query SecurityGroups(
    $cloud: String
    $first: Int
    $after: String
    $filter: SecurityGroupFilter
    $orderBy: SecurityGroupOrder
  ) {
    cloud(name: $cloud) {
      securityGroups(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          description
          projectId
          project {
            id
            name
          }
          rules(first: 200) {
            totalCount
          }
          createdAt
        }
      }
    }
  }
`);

type NetworkRow = NonNullable<
  NonNullable<ResultOf<typeof NETWORKS>['cloud']>['networks']
>['nodes'][number];
type RouterRow = NonNullable<
  NonNullable<ResultOf<typeof ROUTERS>['cloud']>['routers']
>['nodes'][number];
type FloatingIpRow = NonNullable<
  NonNullable<ResultOf<typeof FLOATING_IPS>['cloud']>['floatingIps']
>['nodes'][number];
type GroupRow = NonNullable<
  NonNullable<ResultOf<typeof SECURITY_GROUPS>['cloud']>['securityGroups']
>['nodes'][number];

/** The column of the project that a row belongs to. */
function projectColumn<
  Row extends { projectId: string | null; project: { id: string; name: string } | null },
>(): Column<Row> {
  return {
    id: 'project',
    title: 'Project',
    width: 130,
    cell: (row) => <Thing kind="Project" thing={row.project} id={row.projectId} />,
    value: (row) => row.project?.name ?? row.projectId,
  };
}

function createdColumn<Row extends { createdAt: string | null }>(): Column<Row> {
  return {
    id: 'created',
    title: 'Created',
    order: 'created',
    width: 104,
    cell: (row) => <Age time={row.createdAt} />,
    value: (row) => row.createdAt,
  };
}

const NETWORK_COLUMNS: Column<NetworkRow>[] = [
  {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 190,
    isNarrow: true,
    cell: (row) => <Thing kind="Network" thing={row} />,
    value: (row) => row.name,
  },
  {
    id: 'status',
    title: 'Status',
    order: 'status',
    width: 110,
    isNarrow: true,
    cell: (row) => <Status status={row.status} />,
    value: (row) => row.status,
  },
  {
    id: 'subnets',
    title: 'Subnets',
    width: 220,
    isNarrow: true,
    cell: (row) =>
      row.subnets === null ? (
        'unknown'
      ) : row.subnets.nodes.length === 0 ? (
        <None />
      ) : (
        row.subnets.nodes.map((subnet, index) => (
          <span key={subnet.id}>
            {index > 0 ? ', ' : ''}
            <Thing kind="Subnet" thing={{ id: subnet.id, name: subnet.cidr ?? subnet.name }} />
          </span>
        ))
      ),
    value: (row) => row.subnets?.nodes.map((subnet) => subnet.cidr).join(' '),
  },
  {
    id: 'external',
    title: 'External',
    width: 80,
    cell: (row) => <YesNo value={row.isExternal} />,
    value: (row) => row.isExternal,
  },
  {
    id: 'shared',
    title: 'Shared',
    width: 80,
    cell: (row) => <YesNo value={row.isShared} />,
    value: (row) => row.isShared,
  },
  {
    id: 'provider',
    title: 'Provider',
    width: 110,
    cell: (row) =>
      row.providerNetworkType ? (
        `${row.providerNetworkType} ${row.providerSegmentationId ?? ''}`
      ) : (
        <None />
      ),
    value: (row) => row.providerNetworkType,
  },
  projectColumn<NetworkRow>(),
  createdColumn<NetworkRow>(),
];

const ROUTER_COLUMNS: Column<RouterRow>[] = [
  {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 200,
    isNarrow: true,
    cell: (row) => <Thing kind="Router" thing={row} />,
    value: (row) => row.name,
  },
  {
    id: 'status',
    title: 'Status',
    order: 'status',
    width: 110,
    isNarrow: true,
    cell: (row) => <Status status={row.status} />,
    value: (row) => row.status,
  },
  {
    id: 'external',
    title: 'Leads to',
    width: 150,
    cell: (row) =>
      row.externalGateway ? (
        <Thing kind="Network" thing={row.externalNetwork} id={row.externalGateway.networkId} />
      ) : (
        <None />
      ),
    value: (row) => row.externalNetwork?.name ?? row.externalGateway?.networkId,
  },
  {
    id: 'address',
    title: 'As',
    width: 130,
    cell: (row) =>
      row.externalGateway?.fixedIps.map((each) => each.ipAddress).join(', ') ?? <None />,
    value: (row) => row.externalGateway?.fixedIps.map((each) => each.ipAddress).join(' '),
  },
  {
    id: 'ha',
    title: 'Highly available',
    width: 120,
    cell: (row) => <YesNo value={row.isHa} />,
    value: (row) => row.isHa,
  },
  projectColumn<RouterRow>(),
  createdColumn<RouterRow>(),
];

const FLOATING_IP_COLUMNS: Column<FloatingIpRow>[] = [
  {
    id: 'address',
    title: 'Address',
    order: 'address',
    width: 150,
    isNarrow: true,
    cell: (row) => <Thing kind="FloatingIp" thing={{ id: row.id, name: row.floatingIpAddress }} />,
    value: (row) => row.floatingIpAddress,
  },
  {
    id: 'status',
    title: 'Status',
    order: 'status',
    width: 110,
    isNarrow: true,
    cell: (row) => <Status status={row.status} />,
    value: (row) => row.status,
  },
  {
    id: 'server',
    title: 'Server',
    width: 200,
    isNarrow: true,
    cell: (row) => (
      <Thing
        kind="Server"
        thing={row.serverName ? { id: row.serverId, name: row.serverName } : null}
        id={row.serverId}
      />
    ),
    value: (row) => row.serverName ?? row.serverId,
  },
  {
    id: 'fixed',
    title: 'Leads to',
    width: 130,
    cell: (row) => row.fixedIpAddress ?? <None />,
    value: (row) => row.fixedIpAddress,
  },
  {
    id: 'router',
    title: 'Router',
    width: 150,
    cell: (row) => <Thing kind="Router" thing={row.router} id={row.routerId} />,
    value: (row) => row.router?.name ?? row.routerId,
  },
  projectColumn<FloatingIpRow>(),
  createdColumn<FloatingIpRow>(),
];

const GROUP_COLUMNS: Column<GroupRow>[] = [
  {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 190,
    isNarrow: true,
    cell: (row) => <Thing kind="SecurityGroup" thing={row} />,
    value: (row) => row.name,
  },
  {
    id: 'rules',
    title: 'Rules',
    width: 80,
    isNumber: true,
    isNarrow: true,
    cell: (row) => formatCount(row.rules?.totalCount),
    value: (row) => row.rules?.totalCount,
  },
  {
    id: 'description',
    title: 'Description',
    width: 300,
    cell: (row) => row.description ?? <None />,
    value: (row) => row.description,
  },
  projectColumn<GroupRow>(),
  createdColumn<GroupRow>(),
];

const TABS = [
  { id: '', title: 'Topology' },
  { id: 'networks', title: 'Networks' },
  { id: 'routers', title: 'Routers' },
  { id: 'floating-ips', title: 'Floating IPs' },
  { id: 'security-groups', title: 'Security groups' },
];

export function Network() {
  const cloud = useCloudName();
  const [tab] = useParameter('tab');
  const [term] = useParameter('q');
  const [associated] = useParameter('associated');
  const orders = { name: 'NAME', status: 'STATUS', created: 'CREATED_AT' } as const;
  const commonOrder = useOrder(orders);
  const addressOrder = useOrder({
    address: 'ADDRESS',
    status: 'STATUS',
    created: 'CREATED_AT',
  } as const);
  const groupOrder = useOrder({ name: 'NAME', created: 'CREATED_AT' } as const);
  const name = term ? { nameContains: term } : {};
  const above = (
    <Tabs
      label="Network"
      tabs={TABS.map((each) => ({
        title: each.title,
        to: each.id ? `/network?tab=${each.id}` : '/network',
        isHere: each.id === tab,
      }))}
    />
  );
  const search = <SearchBox label={tab === 'floating-ips' ? 'Address' : 'Name'} />;
  switch (tab) {
    case 'networks':
      return (
        <ListView
          key={tab}
          title="Networks"
          above={above}
          document={NETWORKS}
          variables={{ cloud, first: 500, filter: name, orderBy: commonOrder }}
          connection={(data) => data.cloud?.networks}
          columns={NETWORK_COLUMNS}
          fileName="networks"
          empty="No network is like that."
          filters={<Filters search={search} />}
        />
      );
    case 'routers':
      return (
        <ListView
          key={tab}
          title="Routers"
          above={above}
          document={ROUTERS}
          variables={{ cloud, first: 500, filter: name, orderBy: commonOrder }}
          connection={(data) => data.cloud?.routers}
          columns={ROUTER_COLUMNS}
          fileName="routers"
          empty="No router is like that."
          filters={<Filters search={search} />}
        />
      );
    case 'floating-ips':
      return (
        <ListView
          key={tab}
          title="Floating IPs"
          above={above}
          document={FLOATING_IPS}
          variables={{
            cloud,
            first: 500,
            filter: {
              ...(term ? { addressContains: term } : {}),
              ...(associated ? { isAssociated: associated === 'YES' } : {}),
            },
            orderBy: addressOrder,
          }}
          connection={(data) => data.cloud?.floatingIps}
          columns={FLOATING_IP_COLUMNS}
          fileName="floating-ips"
          empty="No floating IP is like that."
          filters={
            <Filters search={search}>
              <Choose parameter="associated" label="In use" choices={wordChoices(['YES', 'NO'])} />
            </Filters>
          }
        />
      );
    case 'security-groups':
      return (
        <ListView
          key={tab}
          title="Security groups"
          above={above}
          document={SECURITY_GROUPS}
          variables={{ cloud, first: 200, filter: name, orderBy: groupOrder }}
          connection={(data) => data.cloud?.securityGroups}
          columns={GROUP_COLUMNS}
          fileName="security-groups"
          empty="No security group is like that."
          filters={<Filters search={search} />}
        />
      );
    default:
      return <TopologyView tabs={above} />;
  }
}

/** The value of the project filter that stands for all of them. */
const ALL = 'all';

function TopologyView({ tabs }: { tabs: React.ReactNode }) {
  const cloud = useCloudName();
  const { credential, isKnown } = useCaller();
  const [chosen, setProject] = useParameter('project');
  const [opened, setOpened] = useListParameter('open');
  // A cloud whole is more than can be drawn: one begins with the project one is in.
  const project = chosen === ALL ? null : chosen || (credential?.projectId ?? null);
  const variables = { cloud, project };
  const live = useLive(TOPOLOGY, variables, { isPaused: !isKnown });
  const data = live.data?.cloud;

  const topology = useMemo(() => {
    if (!data) return null;
    const networks = new Map(
      [
        ...(data.external?.nodes ?? []),
        ...(data.shared?.nodes ?? []),
        ...(data.networks?.nodes ?? []),
      ].map((network) => [network.id, network]),
    );
    return topologyOf(
      {
        networks: [...networks.values()],
        routers: data.routers?.nodes ?? [],
        ports: data.ports?.nodes ?? [],
        floatingIps: data.floatingIps?.nodes ?? [],
      },
      new Set(opened),
    );
  }, [data, opened]);
  const open = useCallback(
    (networkId: string) => setOpened([...opened, networkId]),
    [opened, setOpened],
  );

  const cut = data
    ? [
        data.networks?.pageInfo.hasNextPage ? 'networks' : null,
        data.routers?.pageInfo.hasNextPage ? 'routers' : null,
        data.ports?.pageInfo.hasNextPage ? 'ports of servers' : null,
        data.floatingIps?.pageInfo.hasNextPage ? 'floating IPs' : null,
      ].filter((each) => each !== null)
    : [];
  return (
    <View
      title="Network topology"
      className="is-table"
      freshness={live}
      error={live.error}
      shown={{ document: TOPOLOGY, variables }}
    >
      {tabs}
      <div className="filters" role="group" aria-label="Filters">
        <label>
          Project
          <select
            value={chosen || (credential?.projectId ?? '')}
            onChange={(event) => setProject(event.target.value)}
            className="wide-select"
          >
            <option value={ALL}>all projects</option>
            {thingChoices(data?.projects?.nodes).map((choice) => (
              <option key={choice.value} value={choice.value}>
                {choice.label}
              </option>
            ))}
            {data?.projects?.nodes.some(
              (each) => each.id === (chosen || (credential?.projectId ?? '')),
            ) ? null : (
              <option value={chosen || (credential?.projectId ?? '')}>
                {credential?.projectName ?? 'own project'}
              </option>
            )}
          </select>
        </label>
        {opened.length > 0 ? (
          <button type="button" className="button" onClick={() => setOpened([])}>
            Fold servers
          </button>
        ) : null}
        {cut.length > 0 ? (
          <span className="muted">There are more {cut.join(', ')} than are drawn.</span>
        ) : null}
      </div>
      {topology ? (
        topology.nodes.length > 0 ? (
          <div className="map card" role="region" aria-label="Network topology">
            <Suspense fallback={<Loading />}>
              <TopologyMap topology={topology} open={open} />
            </Suspense>
          </div>
        ) : data?.networks ? (
          <Empty>This project has no network.</Empty>
        ) : (
          <Missing what="The network" />
        )
      ) : live.isFetching ? (
        <div className="card">
          <Loading lines={10} />
        </div>
      ) : (
        <Missing what="The network" />
      )}
    </View>
  );
}
