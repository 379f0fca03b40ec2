import type { ReactNode } from 'react';

import { graphql } from '../../graphql/graphql';
import type { RowOf } from '../../lib/types';
import { useParameter } from '../../lib/url-state';
import {
  createdColumn,
  idColumn,
  nameColumn,
  projectColumn,
  statusColumn,
  textColumn,
  yesNoColumn,
} from '../../ui/columns';
import { Choose } from '../../ui/filters';
import { Thing } from '../../ui/link';
import { ListView } from '../../ui/list';
import { None, Unknown } from '../../ui/status';
import type { Column } from '../../ui/table';
import {
  ChooseProject,
  PROJECT_OPTIONS,
  WITH_OPTIONS,
  useProjectFilter,
} from '../parts/project-filter';

const NETWORKS = graphql(
  `
    query Networks(
      $cloud: String
      $first: Int
      $after: String
      $filter: NetworkFilter
      $orderBy: NetworkOrder
      $withOptions: Boolean!
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
        ...ProjectOptions @include(if: $withOptions)
      }
    }
  `,
  [PROJECT_OPTIONS],
);

type Row = RowOf<typeof NETWORKS, 'networks'>;

const ORDERS = { name: 'NAME', status: 'STATUS', created: 'CREATED_AT' };

function Subnets({ row }: { row: Row }) {
  if (row.subnets === null) return <Unknown />;
  if (row.subnets.nodes.length === 0) return <None />;
  return row.subnets.nodes.map((subnet, index) => (
    <span key={subnet.id}>
      {index > 0 ? ', ' : ''}
      <Thing kind="Subnet" thing={{ id: subnet.id, name: subnet.cidr ?? subnet.name }} />
    </span>
  ));
}

const providerOf = (row: Row) =>
  row.providerNetworkType
    ? `${row.providerNetworkType} ${row.providerSegmentationId ?? ''}`.trim()
    : null;

const COLUMNS: Column<Row>[] = [
  nameColumn('Network', { width: 190 }),
  statusColumn({ width: 110 }),
  {
    id: 'subnets',
    title: 'Subnets',
    width: 220,
    isNarrow: true,
    cell: (row) => <Subnets row={row} />,
    value: (row) => row.subnets?.nodes.map((subnet) => subnet.cidr).join(' '),
  },
  yesNoColumn('external', 'External', (row) => row.isExternal),
  yesNoColumn('shared', 'Shared', (row) => row.isShared),
  textColumn('provider', 'Provider', 110, providerOf),
  textColumn('mtu', 'MTU', 70, (row) => row.mtu, { isNumber: true, isExtra: true }),
  projectColumn(),
  createdColumn(),
  idColumn(),
];

export function Networks({ tabs }: { tabs: ReactNode }) {
  const [kind] = useParameter('kind');
  const project = useProjectFilter();
  return (
    <ListView
      title="Networks"
      one="network"
      tabs={tabs}
      document={NETWORKS}
      connection={(data) => data.cloud?.networks}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={500}
      filter={{
        ...project,
        ...(kind === 'external' ? { isExternal: true } : {}),
        ...(kind === 'shared' ? { isShared: true } : {}),
      }}
      withFirst={WITH_OPTIONS}
      choices={(first) => (
        <>
          <Choose
            parameter="kind"
            label="Kind"
            choices={[
              { value: 'external', label: 'External' },
              { value: 'shared', label: 'Shared' },
            ]}
          />
          <ChooseProject of={first?.cloud} />
        </>
      )}
    />
  );
}
