import type { ReactNode } from 'react';

import { graphql } from '../../graphql/graphql';
import { formatCount } from '../../lib/format';
import type { RowOf } from '../../lib/types';
import { createdColumn, idColumn, nameColumn, projectColumn, textColumn } from '../../ui/columns';
import { ListView } from '../../ui/list';
import type { Column } from '../../ui/table';
import {
  ChooseProject,
  PROJECT_OPTIONS,
  WITH_OPTIONS,
  useProjectFilter,
} from '../parts/project-filter';

const SECURITY_GROUPS = graphql(
  `
    query SecurityGroups(
      $cloud: String
      $first: Int
      $after: String
      $filter: SecurityGroupFilter
      $orderBy: SecurityGroupOrder
      $withOptions: Boolean!
    ) {
      cloud(name: $cloud) {
        securityGroups(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
          totalCount
          pageInfo {
            hasNextPage
            endCursor
          }
          nodes {
            id
            name
            description
            projectId
            project {
              id
              name
            }
            rules(first: 200) {
              totalCount
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

type Row = RowOf<typeof SECURITY_GROUPS, 'securityGroups'>;

const ORDERS = { name: 'NAME', created: 'CREATED_AT' };

const COLUMNS: Column<Row>[] = [
  nameColumn('SecurityGroup', { width: 190 }),
  textColumn('rules', 'Rules', 80, (row) => row.rules?.totalCount, {
    isNumber: true,
    isNarrow: true,
    cell: (row) => formatCount(row.rules?.totalCount),
  }),
  textColumn('description', 'Description', 300, (row) => row.description),
  projectColumn(),
  createdColumn(),
  idColumn(),
];

export function SecurityGroups({ tabs }: { tabs: ReactNode }) {
  const project = useProjectFilter();
  return (
    <ListView
      title="Security groups"
      one="security group"
      tabs={tabs}
      document={SECURITY_GROUPS}
      connection={(data) => data.cloud?.securityGroups}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={200}
      filter={project}
      withFirst={WITH_OPTIONS}
      choices={(first) => <ChooseProject of={first?.cloud} />}
    />
  );
}
