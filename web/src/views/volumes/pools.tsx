import type { ReactNode } from 'react';

import { graphql } from '../../graphql/graphql';
import { formatCount, formatGib } from '../../lib/format';
import type { RowOf } from '../../lib/types';
import { Bar } from '../../ui/bar';
import { textColumn, timeColumn } from '../../ui/columns';
import { ListView } from '../../ui/list';
import type { Column } from '../../ui/table';

const POOLS = graphql(`
  query Pools($cloud: String, $first: Int, $after: String, $filter: StoragePoolFilter) {
    cloud(name: $cloud) {
      storagePools(first: $first, after: $after, filter: $filter) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          backendName
          totalCapacityGib
          freeCapacityGib
          provisionedCapacityGib
          allocatedCapacityGib
          isInfinite
          maxOverSubscriptionRatio
          storageProtocol
          vendorName
          updatedAt
        }
      }
    }
  }
`);

type Row = RowOf<typeof POOLS, 'storagePools'>;

function usedOf(row: Row): number | null {
  if (row.totalCapacityGib === null || row.freeCapacityGib === null) return null;
  return row.totalCapacityGib - row.freeCapacityGib;
}

const COLUMNS: Column<Row>[] = [
  textColumn('name', 'Pool', 220, (row) => row.name, { isNarrow: true }),
  {
    id: 'used',
    title: 'Taken',
    width: 260,
    isNarrow: true,
    cell: (row) =>
      row.isInfinite ? (
        'no limit'
      ) : (
        <Bar
          used={usedOf(row)}
          total={row.totalCapacityGib}
          format={formatGib}
          label={`Taken of ${row.name}`}
        />
      ),
    value: usedOf,
  },
  textColumn('provisioned', 'Provisioned', 120, (row) => row.provisionedCapacityGib, {
    isNumber: true,
    cell: (row) => formatGib(row.provisionedCapacityGib),
  }),
  textColumn('ratio', 'May be', 90, (row) => row.maxOverSubscriptionRatio, {
    isNumber: true,
    cell: (row) =>
      row.maxOverSubscriptionRatio === null
        ? 'unknown'
        : `${formatCount(row.maxOverSubscriptionRatio)} ×`,
  }),
  textColumn('backend', 'Backend', 110, (row) => row.backendName),
  textColumn('protocol', 'Protocol', 100, (row) => row.storageProtocol),
  timeColumn('updated', 'Reported', (row) => row.updatedAt),
];

export function Pools({ tabs }: { tabs: ReactNode }) {
  return (
    <ListView
      title="Storage pools"
      one="storage pool"
      tabs={tabs}
      document={POOLS}
      connection={(data) => data.cloud?.storagePools}
      columns={COLUMNS}
      pageSize={200}
    />
  );
}
