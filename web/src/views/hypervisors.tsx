import { graphql, type ResultOf } from '../graphql/graphql';
import { formatCount, formatGib, formatMib } from '../lib/format';
import type { RowOf } from '../lib/types';
import { useParameter } from '../lib/url-state';
import { Bar } from '../ui/bar';
import { nameColumn, textColumn } from '../ui/columns';
import { Choose, wordChoices } from '../ui/filters';
import { Go } from '../ui/link';
import { ListView } from '../ui/list';
import { None, Status, Unknown } from '../ui/status';
import type { Column } from '../ui/table';

const LINE = graphql(`
  fragment CapacityLine on CapacityLine {
    capacity
    used
    usedPercent
  }
`);

const HYPERVISORS = graphql(
  `
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
                ...CapacityLine
              }
              memoryMib {
                ...CapacityLine
              }
              diskGib {
                ...CapacityLine
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
  `,
  [LINE],
);

type Row = RowOf<typeof HYPERVISORS, 'hypervisors'>;

const ORDERS = {
  name: 'NAME',
  vcpus: 'VCPUS_USED',
  memory: 'MEMORY_USED',
  servers: 'RUNNING_SERVERS',
};

const stateOf = (row: Row) => (row.status === 'DISABLED' ? 'DISABLED' : row.state);

function barColumn(
  id: string,
  title: string,
  width: number,
  pick: (row: Row) => ResultOf<typeof LINE> | undefined,
  format: (value: number | null | undefined) => string,
  more: Partial<Column<Row>> = {},
): Column<Row> {
  return {
    id,
    title,
    width,
    cell: (row) => {
      const line = pick(row);
      return (
        <Bar
          used={line?.used}
          total={line?.capacity}
          percent={line?.usedPercent}
          format={format}
          label={`${title} of ${row.name}`}
        />
      );
    },
    value: (row) => pick(row)?.usedPercent,
    ...more,
  };
}

const aggregatesOf = (row: Row) => row.hostAggregates?.nodes.map((each) => each.name).join(', ');

const COLUMNS: Column<Row>[] = [
  nameColumn('Hypervisor', { width: 136 }),
  {
    id: 'state',
    title: 'State',
    width: 92,
    isNarrow: true,
    cell: (row) => (
      <span title={row.disabledReason ?? undefined}>
        <Status status={stateOf(row)} />
      </span>
    ),
    value: stateOf,
  },
  textColumn('servers', 'Servers', 76, (row) => row.runningServers, {
    order: 'servers',
    isNumber: true,
    isNarrow: true,
    cell: (row) => <Go to={`/hypervisors/${row.id}`}>{formatCount(row.runningServers)}</Go>,
  }),
  barColumn('vcpus', 'vCPU', 160, (row) => row.capacity?.vcpus, formatCount, { order: 'vcpus' }),
  barColumn('memory', 'Memory', 226, (row) => row.capacity?.memoryMib, formatMib, {
    order: 'memory',
  }),
  barColumn('disk', 'Disk', 226, (row) => row.capacity?.diskGib, formatGib),
  textColumn('aggregates', 'Aggregates', 110, aggregatesOf, {
    cell: (row) => (row.hostAggregates ? aggregatesOf(row) || <None /> : <Unknown />),
  }),
  textColumn('address', 'Address', 120, (row) => row.hostIp, { isExtra: true }),
  textColumn('type', 'Type', 80, (row) => row.type, { isExtra: true }),
  textColumn('cpu', 'CPU', 160, (row) => row.cpuModel, { isExtra: true }),
];

export function Hypervisors() {
  const [chosen] = useParameter('state');
  const state = chosen === 'UP' || chosen === 'DOWN' ? chosen : null;
  return (
    <ListView
      title="Hypervisors"
      one="hypervisor"
      document={HYPERVISORS}
      connection={(data) => data.cloud?.hypervisors}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={200}
      filter={state ? { state } : {}}
      choices={() => (
        <Choose parameter="state" label="State" choices={wordChoices(['UP', 'DOWN'])} />
      )}
    />
  );
}
