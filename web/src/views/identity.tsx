import { graphql, type ResultOf } from '../graphql/graphql';
import { formatCount, formatGib, formatMib } from '../lib/format';
import { useCloudName, useParameter } from '../lib/url-state';
import { QuotaBar } from '../ui/bar';
import { Filters, SearchBox } from '../ui/filters';
import { Thing } from '../ui/link';
import { ListView, useOrder } from '../ui/list';
import { None, Status } from '../ui/status';
import type { Column } from '../ui/table';
import { Tabs } from '../ui/tabs';
import { Age } from '../ui/time';

const PROJECTS = graphql(`
  query Projects(
    $cloud: String
    $first: Int
    $after: String
    $filter: ProjectFilter
    $orderBy: ProjectOrder
  ) {
    cloud(name: $cloud) {
      projects(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          description
          isEnabled
          domain {
            id
            name
          }
          computeQuota {
            servers {
              limit
              used
              reserved
            }
            vcpus {
              limit
              used
              reserved
            }
            ramMib {
              limit
              used
              reserved
            }
          }
          volumeQuota {
            volumes {
              limit
              used
              reserved
            }
            sizeGib {
              limit
              used
              reserved
            }
          }
          networkQuota {
            floatingIps {
              limit
              used
              reserved
            }
          }
        }
      }
    }
  }
`);

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

type Project = NonNullable<
  NonNullable<ResultOf<typeof PROJECTS>['cloud']>['projects']
>['nodes'][number];
type User = NonNullable<NonNullable<ResultOf<typeof USERS>['cloud']>['users']>['nodes'][number];
type Assignment = NonNullable<
  NonNullable<ResultOf<typeof ASSIGNMENTS>['cloud']>['roleAssignments']
>['nodes'][number];

const enabled = (isEnabled: boolean | null) =>
  isEnabled === null ? 'UNKNOWN' : isEnabled ? 'ENABLED' : 'DISABLED';

const PROJECT_COLUMNS: Column<Project>[] = [
  {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 150,
    isNarrow: true,
    cell: (row) => <Thing kind="Project" thing={row} />,
    value: (row) => row.name,
  },
  {
    id: 'enabled',
    title: 'State',
    width: 96,
    cell: (row) => <Status status={enabled(row.isEnabled)} />,
    value: (row) => row.isEnabled,
  },
  {
    id: 'servers',
    title: 'Servers',
    width: 176,
    isNarrow: true,
    cell: (row) => (
      <QuotaBar
        quota={row.computeQuota?.servers}
        format={formatCount}
        label={`Servers of ${row.name}`}
      />
    ),
    value: (row) => row.computeQuota?.servers?.used,
  },
  {
    id: 'vcpus',
    title: 'vCPU',
    width: 176,
    cell: (row) => (
      <QuotaBar
        quota={row.computeQuota?.vcpus}
        format={formatCount}
        label={`vCPU of ${row.name}`}
      />
    ),
    value: (row) => row.computeQuota?.vcpus?.used,
  },
  {
    id: 'memory',
    title: 'Memory',
    width: 214,
    cell: (row) => (
      <QuotaBar
        quota={row.computeQuota?.ramMib}
        format={formatMib}
        label={`Memory of ${row.name}`}
      />
    ),
    value: (row) => row.computeQuota?.ramMib?.used,
  },
  {
    id: 'storage',
    title: 'Volumes',
    width: 220,
    cell: (row) => (
      <QuotaBar
        quota={row.volumeQuota?.sizeGib}
        format={formatGib}
        label={`Volume size of ${row.name}`}
      />
    ),
    value: (row) => row.volumeQuota?.sizeGib?.used,
  },
  {
    id: 'floating',
    title: 'Floating IPs',
    width: 150,
    isExtra: true,
    cell: (row) => (
      <QuotaBar
        quota={row.networkQuota?.floatingIps}
        format={formatCount}
        label={`Floating IPs of ${row.name}`}
      />
    ),
    value: (row) => row.networkQuota?.floatingIps?.used,
  },
  {
    id: 'domain',
    title: 'Domain',
    width: 96,
    isExtra: true,
    cell: (row) => row.domain?.name ?? <None />,
    value: (row) => row.domain?.name,
  },
  {
    id: 'description',
    title: 'Description',
    width: 220,
    isExtra: true,
    cell: (row) => row.description ?? <None />,
    value: (row) => row.description,
  },
];

const USER_COLUMNS: Column<User>[] = [
  {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 180,
    isNarrow: true,
    cell: (row) => <Thing kind="User" thing={row} />,
    value: (row) => row.name,
  },
  {
    id: 'enabled',
    title: 'State',
    width: 100,
    isNarrow: true,
    cell: (row) => <Status status={enabled(row.isEnabled)} />,
    value: (row) => row.isEnabled,
  },
  {
    id: 'email',
    title: 'E-mail',
    width: 220,
    cell: (row) => row.email ?? <None />,
    value: (row) => row.email,
  },
  {
    id: 'domain',
    title: 'Domain',
    order: 'domain',
    width: 110,
    cell: (row) => row.domain?.name ?? <None />,
    value: (row) => row.domain?.name,
  },
  {
    id: 'project',
    title: 'Default project',
    width: 150,
    cell: (row) => <Thing kind="Project" thing={row.defaultProject} id={row.defaultProjectId} />,
    value: (row) => row.defaultProject?.name ?? row.defaultProjectId,
  },
  {
    id: 'password',
    title: 'Password expires',
    width: 120,
    cell: (row) => (row.passwordExpiresAt ? <Age time={row.passwordExpiresAt} /> : <None />),
    value: (row) => row.passwordExpiresAt,
  },
  {
    id: 'description',
    title: 'Description',
    width: 220,
    isExtra: true,
    cell: (row) => row.description ?? <None />,
    value: (row) => row.description,
  },
];

const ASSIGNMENT_COLUMNS: Column<Assignment>[] = [
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

const TABS = [
  { id: '', title: 'Projects' },
  { id: 'users', title: 'Users' },
  { id: 'roles', title: 'Who has which role' },
];

export function Identity() {
  const cloud = useCloudName();
  const [tab] = useParameter('tab');
  const [term] = useParameter('q');
  const [user] = useParameter('user');
  const [project] = useParameter('project');
  const projectOrder = useOrder({ name: 'NAME', domain: 'DOMAIN' } as const);
  const userOrder = useOrder({ name: 'NAME', domain: 'DOMAIN' } as const);
  const roleOrder = useOrder({ user: 'USER', role: 'ROLE', project: 'PROJECT' } as const);
  const name = term ? { nameContains: term } : {};
  const above = (
    <Tabs
      label="Identity"
      tabs={TABS.map((each) => ({
        title: each.title,
        to: each.id ? `/identity?tab=${each.id}` : '/identity',
        isHere: each.id === tab,
      }))}
    />
  );
  if (tab === 'users') {
    return (
      <ListView
        key={tab}
        title="Users"
        above={above}
        document={USERS}
        variables={{ cloud, first: 500, filter: name, orderBy: userOrder }}
        connection={(data) => data.cloud?.users}
        columns={USER_COLUMNS}
        fileName="users"
        empty="No user is like that."
        filters={<Filters search={<SearchBox label="Name" />} />}
      />
    );
  }
  if (tab === 'roles') {
    return (
      <ListView
        key={tab}
        title="Roles"
        above={above}
        document={ASSIGNMENTS}
        variables={{
          cloud,
          first: 500,
          filter: { ...(user ? { user } : {}), ...(project ? { project } : {}) },
          orderBy: roleOrder,
        }}
        connection={(data) => data.cloud?.roleAssignments}
        columns={ASSIGNMENT_COLUMNS}
        fileName="role-assignments"
        empty="Nobody has a role like that."
        filters={
          <Filters search={<SearchBox parameter="user" label="User, exactly" />}>
            <SearchBox parameter="project" label="Project, exactly" />
          </Filters>
        }
      />
    );
  }
  return (
    <ListView
      key="projects"
      title="Projects"
      above={above}
      document={PROJECTS}
      // Quotas cost three calls a project.
      variables={{ cloud, first: 50, filter: name, orderBy: projectOrder }}
      connection={(data) => data.cloud?.projects}
      columns={PROJECT_COLUMNS}
      fileName="projects"
      empty="No project is like that."
      filters={<Filters search={<SearchBox label="Name" />} />}
    />
  );
}
