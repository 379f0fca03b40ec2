import { graphql } from '../../graphql/graphql';
import { formatCount, formatGib, formatMib } from '../../lib/format';
import { QuotaBar } from '../../ui/bar';
import { Thing } from '../../ui/link';
import { Status, YesNo } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Card } from '../../ui/view';
import { Around, FloatingIpsAround, ServersAround, VolumesAround, age, kind, text } from './kind';

const PROJECT = graphql(`
  query Project($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      project(id: $id) {
        id
        name
        description
        isEnabled
        tags
        domain {
          id
          name
        }
        parentId
        parent {
          id
          name
        }
        roleAssignments(first: 100) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            roleName
            userId
            userName
            groupId
            groupName
          }
        }
        servers(first: 100) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            status
            host
          }
        }
        volumes(first: 100) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            status
            sizeGib
          }
        }
        networks(first: 100) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            status
          }
        }
        floatingIps(first: 100) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            floatingIpAddress
            fixedIpAddress
            status
          }
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
        networkQuota {
          networks {
            limit
            used
            reserved
          }
          ports {
            limit
            used
            reserved
          }
          routers {
            limit
            used
            reserved
          }
          floatingIps {
            limit
            used
            reserved
          }
          securityGroups {
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
          snapshots {
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
        usage {
          start
          serverHours
          vcpuHours
          memoryMibHours
          diskGibHours
        }
      }
    }
  }
`);

export const project = kind({
  list: { title: 'Projects', path: '/identity' },
  document: PROJECT,
  pick: (data) => data.cloud?.project,
  name: (node) => node.name,
  status: (node) => (node.isEnabled === null ? null : node.isEnabled ? 'ENABLED' : 'DISABLED'),
  facts: (node) => [
    ['Description', text(node.description)],
    ['Domain', text(node.domain?.name)],
    [
      'Part of',
      // The parent of a project at the top is its domain, which has no view.
      node.parent ? <Thing key="parent" kind="Project" thing={node.parent} /> : text(node.parentId),
    ],
    ['Tags', text(node.tags.join(', '))],
    ['vCPU hours', node.usage ? `${formatCount(node.usage.vcpuHours)} in this period` : 'unknown'],
    [
      'Memory hours',
      node.usage ? `${formatCount(node.usage.memoryMibHours / 1024)} GiB h` : 'unknown',
    ],
    ['Period began', age(node.usage?.start)],
  ],
  related: (node) => {
    const { computeQuota, networkQuota, volumeQuota } = node;
    const quotas = [
      { title: 'Servers', quota: computeQuota?.servers, format: formatCount },
      { title: 'vCPU', quota: computeQuota?.vcpus, format: formatCount },
      { title: 'Memory', quota: computeQuota?.ramMib, format: formatMib },
      { title: 'Volumes', quota: volumeQuota?.volumes, format: formatCount },
      { title: 'Volume size', quota: volumeQuota?.sizeGib, format: formatGib },
      { title: 'Snapshots', quota: volumeQuota?.snapshots, format: formatCount },
      { title: 'Networks', quota: networkQuota?.networks, format: formatCount },
      { title: 'Ports', quota: networkQuota?.ports, format: formatCount },
      { title: 'Routers', quota: networkQuota?.routers, format: formatCount },
      { title: 'Floating IPs', quota: networkQuota?.floatingIps, format: formatCount },
      { title: 'Security groups', quota: networkQuota?.securityGroups, format: formatCount },
    ];
    return (
      <>
        <Card title="Quota">
          <Rows
            label="Quota"
            rows={quotas}
            empty=""
            columns={[
              { title: 'Of', cell: (each) => each.title },
              {
                title: 'Used',
                cell: (each) => (
                  <QuotaBar quota={each.quota} format={each.format} label={`${each.title} used`} />
                ),
              },
            ]}
          />
        </Card>
        <Card title="Who has which role">
          <Rows
            label="Role assignments"
            rows={node.roleAssignments?.nodes}
            empty="Nobody has a role on it."
            isCut={node.roleAssignments?.pageInfo.hasNextPage ?? false}
            columns={[
              {
                title: 'Who',
                cell: (each) =>
                  each.userId ? (
                    <Thing
                      kind="User"
                      thing={each.userName ? { id: each.userId, name: each.userName } : null}
                      id={each.userId}
                    />
                  ) : (
                    <>
                      {text(each.groupName ?? each.groupId)} <span className="tag">group</span>
                    </>
                  ),
              },
              { title: 'Role', cell: (each) => each.roleName },
            ]}
          />
        </Card>
        <ServersAround of={node.servers} empty="It has no server." />
        <VolumesAround title="Volumes" of={node.volumes} empty="It has no volume." />
        <Around
          title="Networks"
          kind="Network"
          of={node.networks}
          empty="It has no network."
          columns={[{ title: 'Status', cell: (row) => <Status status={row.status} /> }]}
        />
        <FloatingIpsAround of={node.floatingIps} />
      </>
    );
  },
});

const USER = graphql(`
  query User($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      user(id: $id) {
        id
        name
        description
        email
        isEnabled
        passwordExpiresAt
        domain {
          id
          name
        }
        defaultProjectId
        defaultProject {
          id
          name
        }
        groups(first: 100) {
          nodes {
            id
            name
          }
        }
        roleAssignments(first: 200) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            roleName
            scopeKind
            projectId
            projectName
            domainName
          }
        }
        servers(first: 100) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            status
            host
          }
        }
      }
    }
  }
`);

export const user = kind({
  list: { title: 'Users', path: '/identity?tab=users' },
  document: USER,
  pick: (data) => data.cloud?.user,
  name: (node) => node.name,
  status: (node) => (node.isEnabled === null ? null : node.isEnabled ? 'ENABLED' : 'DISABLED'),
  facts: (node) => [
    ['E-mail', text(node.email)],
    ['Description', text(node.description)],
    ['Domain', text(node.domain?.name)],
    [
      'Default project',
      <Thing key="project" kind="Project" thing={node.defaultProject} id={node.defaultProjectId} />,
    ],
    ['Password expires', age(node.passwordExpiresAt)],
    ['Groups', text(node.groups?.nodes.map((each) => each.name).join(', '))],
  ],
  related: (node) => (
    <>
      <Card title="Roles">
        <Rows
          label="Roles"
          rows={node.roleAssignments?.nodes}
          empty="There are none."
          isCut={node.roleAssignments?.pageInfo.hasNextPage ?? false}
          columns={[
            { title: 'Role', cell: (each) => each.roleName },
            {
              title: 'On',
              cell: (each) =>
                each.projectId ? (
                  <Thing
                    kind="Project"
                    thing={each.projectName ? { id: each.projectId, name: each.projectName } : null}
                    id={each.projectId}
                  />
                ) : (
                  (each.domainName ?? each.scopeKind.toLowerCase())
                ),
            },
          ]}
        />
      </Card>
      <ServersAround of={node.servers} empty="There are none." />
    </>
  ),
});

const FLAVOR = graphql(`
  query Flavor($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      flavor(id: $id) {
        id
        name
        description
        vcpus
        ramMib
        diskGib
        ephemeralGib
        swapMib
        isPublic
        extraSpecs
        servers(first: 200) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            status
            host
          }
        }
      }
    }
  }
`);

export const flavor = kind({
  list: { title: 'Servers', path: '/servers' },
  document: FLAVOR,
  pick: (data) => data.cloud?.flavor,
  name: (node) => node.name,
  facts: (node) => [
    ['vCPU', formatCount(node.vcpus)],
    ['Memory', formatMib(node.ramMib)],
    ['Disk', formatGib(node.diskGib)],
    ['Ephemeral disk', formatGib(node.ephemeralGib)],
    ['Swap', formatMib(node.swapMib)],
    ['Public', <YesNo key="public" value={node.isPublic} />],
    ['Description', text(node.description)],
    ...Object.entries(node.extraSpecs as Record<string, unknown>).map(
      ([name, value]) => [name, String(value)] as [string, string],
    ),
  ],
  related: (node) => <ServersAround of={node.servers} empty="No server has it." />,
});
