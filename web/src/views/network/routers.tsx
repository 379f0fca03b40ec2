import type { ReactNode } from 'react';

import { graphql } from '../../graphql/graphql';
import type { RowOf } from '../../lib/types';
import {
  createdColumn,
  idColumn,
  nameColumn,
  projectColumn,
  statusColumn,
  textColumn,
  thingColumn,
  yesNoColumn,
} from '../../ui/columns';
import { ListView } from '../../ui/list';
import type { Column } from '../../ui/table';
import {
  ChooseProject,
  PROJECT_OPTIONS,
  WITH_OPTIONS,
  useProjectFilter,
} from '../parts/project-filter';

const ROUTERS = graphql(
  `
    query Routers(
      $cloud: String
      $first: Int
      $after: String
      $filter: RouterFilter
      $orderBy: RouterOrder
      $withOptions: Boolean!
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
        ...ProjectOptions @include(if: $withOptions)
      }
    }
  `,
  [PROJECT_OPTIONS],
);

type Row = RowOf<typeof ROUTERS, 'routers'>;

const ORDERS = { name: 'NAME', status: 'STATUS', created: 'CREATED_AT' };

const COLUMNS: Column<Row>[] = [
  nameColumn('Router'),
  statusColumn({ width: 110 }),
  thingColumn(
    'external',
    'Leads to',
    'Network',
    (row) => ({ id: row.externalGateway?.networkId, name: row.externalNetwork?.name }),
    { width: 150, isNarrow: true },
  ),
  textColumn('address', 'As', 130, (row) =>
    row.externalGateway?.fixedIps.map((each) => each.ipAddress).join(', '),
  ),
  yesNoColumn('ha', 'Highly available', (row) => row.isHa, { width: 120 }),
  projectColumn(),
  createdColumn(),
  idColumn(),
];

export function Routers({ tabs }: { tabs: ReactNode }) {
  const project = useProjectFilter();
  return (
    <ListView
      title="Routers"
      one="router"
      tabs={tabs}
      document={ROUTERS}
      connection={(data) => data.cloud?.routers}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={500}
      filter={project}
      withFirst={WITH_OPTIONS}
      choices={(first) => <ChooseProject of={first?.cloud} />}
    />
  );
}
