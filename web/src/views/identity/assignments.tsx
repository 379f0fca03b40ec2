import type { ReactNode } from 'react';

import { graphql } from '../../graphql/graphql';
import type { RowOf } from '../../lib/types';
import { useParameter } from '../../lib/url-state';
import { SearchBox } from '../../ui/filters';
import { Thing } from '../../ui/link';
import { ListView } from '../../ui/list';
import { None } from '../../ui/status';
import type { Column } from '../../ui/table';

const ASSIGNMENTS = graphql(`
  query Assignments(
    $cloud: String
    $first: Int
    $after: String
    $filter: RoleAssignmentFilter
    $orderBy: RoleAssignmentOrder
  ) {
    cloud(name: $cloud) {
      roleAssignments(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          roleName
          scopeKind
          userId
          userName
          groupId
          groupName
          projectId
          projectName
          domainId
          domainName
          isInherited
        }
      }
    }
  }
`);

type Row = RowOf<typeof ASSIGNMENTS, 'roleAssignments'>;

const ORDERS = { user: 'USER', role: 'ROLE', project: 'PROJECT' };

const COLUMNS: Column<Row>[] = [
  {
    id: 'who',
    title: 'Who',
    order: 'user',
    width: 200,
    isNarrow: true,
    cell: (row) =>
      row.groupId ? (
        <>
          {row.groupName ?? <code>{row.groupId}</code>} <span className="tag">group</span>
        </>
      ) : (
        <Thing
          kind="User"
          thing={row.userName ? { id: row.userId, name: row.userName } : null}
          id={row.userId}
        />
      ),
    value: (row) => row.userName ?? row.groupName ?? row.userId ?? row.groupId,
  },
  {
    id: 'role',
    title: 'Role',
    order: 'role',
    width: 140,
    isNarrow: true,
    cell: (row) => row.roleName,
    value: (row) => row.roleName,
  },
  {
    id: 'on',
    title: 'On',
    order: 'project',
    width: 220,
    isNarrow: true,
    cell: (row) =>
      row.projectId ? (
        <Thing
          kind="Project"
          thing={row.projectName ? { id: row.projectId, name: row.projectName } : null}
          id={row.projectId}
        />
      ) : row.domainId ? (
        <>
          {row.domainName ?? row.domainId} <span className="tag">domain</span>
        </>
      ) : (
        <>
          everything <span className="tag">system</span>
        </>
      ),
    value: (row) => row.projectName ?? row.domainName ?? row.scopeKind,
  },
  {
    id: 'inherited',
    title: 'Inherited',
    width: 110,
    cell: (row) => (row.isInherited ? 'by projects below' : <None />),
    value: (row) => row.isInherited,
  },
];

export function Assignments({ tabs }: { tabs: ReactNode }) {
  const [user] = useParameter('user');
  const [project] = useParameter('project');
  return (
    <ListView
      title="Role assignments"
      one="role assignment"
      tabs={tabs}
      document={ASSIGNMENTS}
      connection={(data) => data.cloud?.roleAssignments}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={500}
      search={null}
      filter={{ ...(user ? { user } : {}), ...(project ? { project } : {}) }}
      choices={() => (
        <>
          <SearchBox parameter="user" label="User, exactly" />
          <SearchBox parameter="project" label="Project, exactly" />
        </>
      )}
    />
  );
}
