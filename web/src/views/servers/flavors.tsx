import type { ReactNode } from 'react';

import { graphql } from '../../graphql/graphql';
import { formatCount, formatGib, formatMib } from '../../lib/format';
import type { RowOf } from '../../lib/types';
import { useParameter } from '../../lib/url-state';
import { idColumn, nameColumn, textColumn, yesNoColumn } from '../../ui/columns';
import { Choose } from '../../ui/filters';
import { Go } from '../../ui/link';
import { ListView } from '../../ui/list';
import type { Column } from '../../ui/table';

const FLAVORS = graphql(`
  query Flavors(
    $cloud: String
    $first: Int
    $after: String
    $filter: FlavorFilter
    $orderBy: FlavorOrder
  ) {
    cloud(name: $cloud) {
      flavors(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          description
          vcpus
          ramMib
          diskGib
          ephemeralGib
          swapMib
          isPublic
          servers(first: 1) {
            totalCount
          }
        }
      }
    }
  }
`);

type Row = RowOf<typeof FLAVORS, 'flavors'>;

const ORDERS = { name: 'NAME', vcpus: 'VCPUS', memory: 'RAM', disk: 'DISK' };

const COLUMNS: Column<Row>[] = [
  nameColumn('Flavor'),
  textColumn('vcpus', 'vCPU', 80, (row) => row.vcpus, {
    order: 'vcpus',
    isNumber: true,
    isNarrow: true,
    cell: (row) => formatCount(row.vcpus),
  }),
  textColumn('memory', 'Memory', 100, (row) => row.ramMib, {
    order: 'memory',
    isNumber: true,
    isNarrow: true,
    cell: (row) => formatMib(row.ramMib),
  }),
  textColumn('disk', 'Disk', 100, (row) => row.diskGib, {
    order: 'disk',
    isNumber: true,
    // Nova's way to say that the image decides.
    cell: (row) => (row.diskGib === 0 ? 'as the image' : formatGib(row.diskGib)),
  }),
  textColumn('ephemeral', 'Ephemeral', 100, (row) => row.ephemeralGib, {
    isNumber: true,
    isExtra: true,
    cell: (row) => formatGib(row.ephemeralGib),
  }),
  textColumn('swap', 'Swap', 90, (row) => row.swapMib, {
    isNumber: true,
    isExtra: true,
    cell: (row) => formatMib(row.swapMib),
  }),
  textColumn('servers', 'Servers', 90, (row) => row.servers?.totalCount, {
    isNumber: true,
    cell: (row) => (
      <Go to={`/servers?flavor=${encodeURIComponent(row.name)}`}>
        {formatCount(row.servers?.totalCount)}
      </Go>
    ),
  }),
  yesNoColumn('public', 'Public', (row) => row.isPublic),
  textColumn('description', 'Description', 240, (row) => row.description),
  idColumn(),
];

export function Flavors({ tabs }: { tabs: ReactNode }) {
  const [open] = useParameter('public');
  return (
    <ListView
      title="Flavors"
      one="flavor"
      tabs={tabs}
      document={FLAVORS}
      connection={(data) => data.cloud?.flavors}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={200}
      filter={open ? { isPublic: open === 'yes' } : {}}
      choices={() => (
        <Choose
          parameter="public"
          label="Public"
          choices={[
            { value: 'yes', label: 'Public' },
            { value: 'no', label: 'Not public' },
          ]}
        />
      )}
    />
  );
}
