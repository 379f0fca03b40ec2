import type { ReactNode } from 'react';

import { graphql } from '../../graphql/graphql';
import type { RowOf } from '../../lib/types';
import {
  createdColumn,
  idColumn,
  sizeColumn,
  statusColumn,
  textColumn,
  thingColumn,
  yesNoColumn,
} from '../../ui/columns';
import { ListView } from '../../ui/list';
import { Status } from '../../ui/status';
import type { Column } from '../../ui/table';

const BACKUPS = graphql(`
  query Backups(
    $cloud: String
    $first: Int
    $after: String
    $filter: VolumeBackupFilter
    $orderBy: VolumeBackupOrder
  ) {
    cloud(name: $cloud) {
      volumeBackups(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          status
          failReason
          sizeGib
          isIncremental
          volumeId
          volume {
            id
            name
          }
          projectId
          createdAt
        }
      }
    }
  }
`);

type Row = RowOf<typeof BACKUPS, 'volumeBackups'>;

const ORDERS = { name: 'NAME', size: 'SIZE', status: 'STATUS', created: 'CREATED_AT' };

const COLUMNS: Column<Row>[] = [
  textColumn('name', 'Name', 220, (row) => row.name, {
    order: 'name',
    isNarrow: true,
    cell: (row) => row.name ?? <code>{row.id}</code>,
  }),
  {
    ...statusColumn<Row>(),
    cell: (row) => (
      <span title={row.failReason ?? undefined}>
        <Status status={row.status} />
      </span>
    ),
  },
  sizeColumn(),
  yesNoColumn('incremental', 'Incremental', (row) => row.isIncremental, { width: 100 }),
  thingColumn(
    'volume',
    'Of volume',
    'Volume',
    (row) => ({ id: row.volumeId, name: row.volume?.name }),
    { width: 220 },
  ),
  createdColumn(),
  idColumn(),
];

export function Backups({ tabs }: { tabs: ReactNode }) {
  return (
    <ListView
      title="Backups"
      one="backup"
      tabs={tabs}
      document={BACKUPS}
      connection={(data) => data.cloud?.volumeBackups}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={500}
    />
  );
}
