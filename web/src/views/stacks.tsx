import { graphql, type ResultOf } from '../graphql/graphql';
import { formatWord } from '../lib/format';
import { toneOf } from '../lib/status';
import { useCloudName, useParameter } from '../lib/url-state';
import { Choose, Filters, SearchBox, wordChoices } from '../ui/filters';
import { Thing } from '../ui/link';
import { ListView, useOrder } from '../ui/list';
import { None, Status } from '../ui/status';
import type { Column } from '../ui/table';
import { Age } from '../ui/time';

const STACKS = graphql(`
  query Stacks(
    $cloud: String
    $first: Int
    $after: String
    $filter: StackFilter
    $orderBy: StackOrder
  ) {
    cloud(name: $cloud) {
      stacks(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        scope
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          description
          action
          status
          statusReason
          owner
          projectId
          project {
            id
            name
          }
          parentId
          createdAt
          updatedAt
        }
      }
    }
  }
`);

type Row = NonNullable<NonNullable<ResultOf<typeof STACKS>['cloud']>['stacks']>['nodes'][number];

const STATUSES = ['COMPLETE', 'IN_PROGRESS', 'FAILED'] as const;
const ORDERS = {
  name: 'NAME',
  status: 'STATUS',
  created: 'CREATED_AT',
  updated: 'UPDATED_AT',
} as const;

const COLUMNS: Column<Row>[] = [
  {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 200,
    isNarrow: true,
    cell: (row) => <Thing kind="Stack" thing={row} />,
    value: (row) => row.name,
  },
  {
    id: 'status',
    title: 'Status',
    order: 'status',
    width: 170,
    isNarrow: true,
    cell: (row) => (
      <Status
        status={row.status}
        detail={formatWord(row.action).toLowerCase()}
        tone={toneOf(row.status)}
      />
    ),
    value: (row) => `${row.action}_${row.status}`,
  },
  {
    id: 'reason',
    title: 'Reason',
    width: 320,
    cell: (row) => (
      <span title={row.statusReason ?? undefined}>{row.statusReason ?? <None />}</span>
    ),
    value: (row) => row.statusReason,
  },
  {
    id: 'project',
    title: 'Project',
    width: 120,
    cell: (row) => <Thing kind="Project" thing={row.project} id={row.projectId} />,
    value: (row) => row.project?.name ?? row.projectId,
  },
  {
    id: 'owner',
    title: 'Owner',
    width: 100,
    isExtra: true,
    cell: (row) => row.owner ?? <None />,
    value: (row) => row.owner,
  },
  {
    id: 'updated',
    title: 'Changed',
    order: 'updated',
    width: 100,
    cell: (row) => (row.updatedAt ? <Age time={row.updatedAt} /> : <None />),
    value: (row) => row.updatedAt,
  },
  {
    id: 'created',
    title: 'Created',
    order: 'created',
    width: 100,
    cell: (row) => <Age time={row.createdAt} />,
    value: (row) => row.createdAt,
  },
];

export function Stacks() {
  const cloud = useCloudName();
  const [term] = useParameter('q');
  const [chosen] = useParameter('status');
  const status = STATUSES.find((each) => each === chosen);
  const orderBy = useOrder(ORDERS);
  return (
    <ListView
      title="Stacks"
      document={STACKS}
      variables={{
        cloud,
        first: 200,
        filter: { ...(term ? { nameContains: term } : {}), ...(status ? { status } : {}) },
        orderBy,
      }}
      connection={(data) => data.cloud?.stacks}
      columns={COLUMNS}
      fileName="stacks"
      empty="No stack is like that."
      filters={
        <Filters search={<SearchBox label="Name" />}>
          <Choose parameter="status" label="Status" choices={wordChoices(STATUSES)} />
        </Filters>
      }
    />
  );
}
