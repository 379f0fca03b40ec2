import { graphql, type ResultOf } from '../graphql/graphql';
import { formatWord } from '../lib/format';
import { toneOf } from '../lib/status';
import { useParameter } from '../lib/url-state';
import { told, watch } from '../lib/watch';
import {
  createdColumn,
  idColumn,
  nameColumn,
  projectColumn,
  textColumn,
  updatedColumn,
} from '../ui/columns';
import { Choose, wordChoices } from '../ui/filters';
import { ListView } from '../ui/list';
import { None, Status } from '../ui/status';
import type { Column } from '../ui/table';

const ROW = graphql(`
  fragment StackRow on Stack {
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
`);

const STACKS = graphql(
  `
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
          pageInfo {
            hasNextPage
            endCursor
          }
          nodes {
            ...StackRow
          }
        }
      }
    }
  `,
  [ROW],
);

const CHANGES = graphql(
  `
    subscription StackRows($cloud: String, $filter: StackFilter) {
      stackChanged(cloud: $cloud, filter: $filter) {
        kind
        id
        seenAt
        stack {
          ...StackRow
        }
      }
    }
  `,
  [ROW],
);

type Row = ResultOf<typeof ROW>;

const STATUSES = ['COMPLETE', 'IN_PROGRESS', 'FAILED'] as const;
const ORDERS = {
  name: 'NAME',
  status: 'STATUS',
  created: 'CREATED_AT',
  updated: 'UPDATED_AT',
};

const COLUMNS: Column<Row>[] = [
  nameColumn('Stack'),
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
  textColumn('reason', 'Reason', 320, (row) => row.statusReason, {
    cell: (row) => (
      <span title={row.statusReason ?? undefined}>{row.statusReason ?? <None />}</span>
    ),
  }),
  projectColumn({ width: 120 }),
  textColumn('owner', 'Owner', 100, (row) => row.owner, { isExtra: true }),
  updatedColumn(),
  createdColumn(),
  idColumn(),
];

export function Stacks() {
  const [chosen] = useParameter('status');
  const status = STATUSES.find((each) => each === chosen);
  return (
    <ListView
      title="Stacks"
      one="stack"
      document={STACKS}
      connection={(data) => data.cloud?.stacks}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={200}
      filter={status ? { status } : {}}
      watches={({ cloud, filter }) => [
        watch(CHANGES, { cloud, filter }, ({ stackChanged }) =>
          told('Stack', stackChanged, stackChanged?.stack),
        ),
      ]}
      choices={() => <Choose parameter="status" label="Status" choices={wordChoices(STATUSES)} />}
    />
  );
}
