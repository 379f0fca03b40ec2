import { graphql, type ResultOf } from '../graphql/graphql';
import { formatCount, formatGib, formatMib } from '../lib/format';
import { useCloudName, useParameter } from '../lib/url-state';
import { Bar } from '../ui/bar';
import { Choose, Filters, SearchBox, wordChoices } from '../ui/filters';
import { Go, Thing } from '../ui/link';
import { ListView, useOrder } from '../ui/list';
import { None, Status } from '../ui/status';
import type { Column } from '../ui/table';

const HYPERVISORS = graphql(`
  query Hypervisors(
    $cloud: String
    $first: Int
    $after: String
    $filter: HypervisorFilter
    $orderBy: HypervisorOrder
  ) {
    cloud(name: $cloud) {
      hypervisors(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          state
          status
          type
          hostIp
          host
          disabledReason
          cpuModel
          runningServers
          capacity {
            vcpus {
              physical
              capacity
              used
              usedPercent
            }
            memoryMib {
              capacity
              used
              usedPercent
            }
            diskGib {
              capacity
              used
              usedPercent
            }
          }
          hostAggregates(first: 10) {
            nodes {
              id
              name
            }
          }
        }
      }
    }
  }
`);

type Row = NonNullable<
  NonNullable<ResultOf<typeof HYPERVISORS>['cloud']>['hypervisors']
>['nodes'][number];

const ORDERS = {
  name: 'NAME',
  vcpus: 'VCPUS_USED',
  memory: 'MEMORY_USED',
  servers: 'RUNNING_SERVERS',
} as const;

const COLUMNS: Column<Row>[] = [
  {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 136,
    isNarrow: true,
    cell: (row) => <Thing kind="Hypervisor" thing={row} />,
    value: (row) => row.name,
  },
  {
    id: 'state',
    title: 'State',
    width: 92,
    isNarrow: true,
    cell: (row) => <State row={row} />,
    value: (row) => (row.status === 'DISABLED' ? 'DISABLED' : row.state),
  },
  {
    id: 'servers',
    title: 'Servers',
    order: 'servers',
    width: 72,
    isNumber: true,
    isNarrow: true,
    cell: (row) => <Go to={`/hypervisors/${row.id}`}>{formatCount(row.runningServers)}</Go>,
    value: (row) => row.runningServers,
  },
  {
    id: 'vcpus',
    title: 'vCPU',
    order: 'vcpus',
    width: 160,
    cell: (row) => (
      <Bar
        used={row.capacity?.vcpus.used}
        total={row.capacity?.vcpus.capacity}
        percent={row.capacity?.vcpus.usedPercent}
        format={formatCount}
        label={`vCPU of ${row.name}`}
      />
    ),
    value: (row) => row.capacity?.vcpus.usedPercent,
  },
  {
    id: 'memory',
    title: 'Memory',
    order: 'memory',
    width: 226,
    cell: (row) => (
      <Bar
        used={row.capacity?.memoryMib.used}
        total={row.capacity?.memoryMib.capacity}
        percent={row.capacity?.memoryMib.usedPercent}
        format={formatMib}
        label={`Memory of ${row.name}`}
      />
    ),
    value: (row) => row.capacity?.memoryMib.usedPercent,
  },
  {
    id: 'disk',
    title: 'Disk',
    width: 226,
    cell: (row) => (
      <Bar
        used={row.capacity?.diskGib.used}
        total={row.capacity?.diskGib.capacity}
        percent={row.capacity?.diskGib.usedPercent}
        format={formatGib}
        label={`Disk of ${row.name}`}
      />
    ),
    value: (row) => row.capacity?.diskGib.usedPercent,
  },
  {
    id: 'aggregates',
    title: 'Aggregates',
    width: 110,
    cell: (row) =>
      row.hostAggregates
        ? row.hostAggregates.nodes.map((each) => each.name).join(', ') || <None />
        : 'unknown',
    value: (row) => row.hostAggregates?.nodes.map((each) => each.name).join(' '),
  },
  {
    id: 'address',
    title: 'Address',
    width: 120,
    isExtra: true,
    cell: (row) => row.hostIp ?? <None />,
    value: (row) => row.hostIp,
  },
  {
    id: 'type',
    title: 'Type',
    width: 80,
    isExtra: true,
    cell: (row) => row.type ?? <None />,
    value: (row) => row.type,
  },
  {
    id: 'cpu',
    title: 'CPU',
    width: 160,
    isExtra: true,
    cell: (row) => row.cpuModel ?? <None />,
    value: (row) => row.cpuModel,
  },
];

function State({ row }: { row: Row }) {
  return (
    <span title={row.disabledReason ?? undefined}>
      <Status status={row.status === 'DISABLED' ? 'DISABLED' : row.state} />
    </span>
  );
}

export function Hypervisors() {
  const cloud = useCloudName();
  const [term] = useParameter('q');
  const [state] = useParameter('state');
  const orderBy = useOrder(ORDERS);
  const filter = {
    ...(term ? { nameContains: term } : {}),
    ...(state === 'UP' || state === 'DOWN' ? { state } : {}),
  };
  return (
    <ListView
      title="Hypervisors"
      document={HYPERVISORS}
      variables={{ cloud, first: 200, filter, orderBy }}
      connection={(data) => data.cloud?.hypervisors}
      columns={COLUMNS}
      fileName="hypervisors"
      empty="No hypervisor is like that."
      filters={
        <Filters search={<SearchBox label="Name" />}>
          <Choose parameter="state" label="State" choices={wordChoices(['UP', 'DOWN'])} />
        </Filters>
      }
    />
  );
}
