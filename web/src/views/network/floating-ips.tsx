import type { ReactNode } from 'react';

import { graphql } from '../../graphql/graphql';
import type { RowOf } from '../../lib/types';
import { useParameter } from '../../lib/url-state';
import {
  createdColumn,
  idColumn,
  projectColumn,
  statusColumn,
  textColumn,
  thingColumn,
} from '../../ui/columns';
import { Choose } from '../../ui/filters';
import { ListView } from '../../ui/list';
import type { Column } from '../../ui/table';
import {
  ChooseProject,
  PROJECT_OPTIONS,
  WITH_OPTIONS,
  useProjectFilter,
} from '../parts/project-filter';

const FLOATING_IPS = graphql(
  `
    query FloatingIps(
      $cloud: String
      $first: Int
      $after: String
      $filter: FloatingIpFilter
      $orderBy: FloatingIpOrder
      $withOptions: Boolean!
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
        ...ProjectOptions @include(if: $withOptions)
      }
    }
  `,
  [PROJECT_OPTIONS],
);

type Row = RowOf<typeof FLOATING_IPS, 'floatingIps'>;

const ORDERS = { address: 'ADDRESS', status: 'STATUS', created: 'CREATED_AT' };

const SEARCH = { label: 'Address', filter: (term: string) => ({ addressContains: term }) };

const COLUMNS: Column<Row>[] = [
  thingColumn(
    'address',
    'Address',
    'FloatingIp',
    (row) => ({ id: row.id, name: row.floatingIpAddress }),
    { order: 'address', width: 150, isNarrow: true },
  ),
  statusColumn({ width: 110 }),
  thingColumn('server', 'Server', 'Server', (row) => ({ id: row.serverId, name: row.serverName }), {
    width: 200,
    isNarrow: true,
  }),
  textColumn('fixed', 'Leads to', 130, (row) => row.fixedIpAddress),
  thingColumn(
    'router',
    'Router',
    'Router',
    (row) => ({ id: row.routerId, name: row.router?.name }),
    {
      width: 150,
    },
  ),
  projectColumn(),
  createdColumn(),
  idColumn(),
];

export function FloatingIps({ tabs }: { tabs: ReactNode }) {
  const [associated] = useParameter('associated');
  const project = useProjectFilter();
  return (
    <ListView
      title="Floating IPs"
      one="floating IP"
      tabs={tabs}
      document={FLOATING_IPS}
      connection={(data) => data.cloud?.floatingIps}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={500}
      search={SEARCH}
      filter={{ ...project, ...(associated ? { isAssociated: associated === 'yes' } : {}) }}
      withFirst={WITH_OPTIONS}
      choices={(first) => (
        <>
          <Choose
            parameter="associated"
            label="In use"
            choices={[
              { value: 'yes', label: 'In use' },
              { value: 'no', label: 'Not in use' },
            ]}
          />
          <ChooseProject of={first?.cloud} />
        </>
      )}
    />
  );
}
