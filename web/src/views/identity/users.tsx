import type { ReactNode } from 'react';

import { graphql } from '../../graphql/graphql';
import type { RowOf } from '../../lib/types';
import {
  enabledColumn,
  idColumn,
  nameColumn,
  textColumn,
  thingColumn,
  timeColumn,
} from '../../ui/columns';
import { ListView } from '../../ui/list';
import type { Column } from '../../ui/table';

const USERS = graphql(`
  query Users(
    $cloud: String
    $first: Int
    $after: String
    $filter: UserFilter
    $orderBy: UserOrder
  ) {
    cloud(name: $cloud) {
      users(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          email
          isEnabled
          description
          domain {
            id
            name
          }
          defaultProjectId
          defaultProject {
            id
            name
          }
          passwordExpiresAt
        }
      }
    }
  }
`);

type Row = RowOf<typeof USERS, 'users'>;

const ORDERS = { name: 'NAME', domain: 'DOMAIN' };

const COLUMNS: Column<Row>[] = [
  nameColumn('User', { width: 180 }),
  enabledColumn({ isNarrow: true }),
  textColumn('email', 'E-mail', 220, (row) => row.email),
  textColumn('domain', 'Domain', 110, (row) => row.domain?.name, { order: 'domain' }),
  thingColumn(
    'project',
    'Default project',
    'Project',
    (row) => ({ id: row.defaultProjectId, name: row.defaultProject?.name }),
    { width: 150 },
  ),
  timeColumn('password', 'Password expires', (row) => row.passwordExpiresAt, { width: 130 }),
  textColumn('description', 'Description', 220, (row) => row.description, { isExtra: true }),
  idColumn(),
];

export function Users({ tabs }: { tabs: ReactNode }) {
  return (
    <ListView
      title="Users"
      one="user"
      tabs={tabs}
      document={USERS}
      connection={(data) => data.cloud?.users}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={500}
    />
  );
}
