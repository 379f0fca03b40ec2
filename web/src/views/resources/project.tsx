import { graphql } from '../../graphql/graphql';
import { formatCount } from '../../lib/format';
import { Thing } from '../../ui/link';
import { Status } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Card } from '../../ui/view';
import { QUOTA_LINE, Quotas } from '../parts/quotas';
import { Around, FloatingIpsAround, ServersAround, VolumesAround, age, kind, text } from './kind';

const PROJECT = graphql(
  `
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
              ...QuotaLine
            }
            vcpus {
              ...QuotaLine
            }
            ramMib {
              ...QuotaLine
            }
          }
          networkQuota {
            networks {
              ...QuotaLine
            }
            ports {
              ...QuotaLine
            }
            routers {
              ...QuotaLine
            }
            floatingIps {
              ...QuotaLine
            }
            securityGroups {
              ...QuotaLine
            }
          }
          volumeQuota {
            volumes {
              ...QuotaLine
            }
            snapshots {
              ...QuotaLine
            }
            sizeGib {
              ...QuotaLine
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
  `,
  [QUOTA_LINE],
);

export const project = kind({
  what: 'project',
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
    return (
      <>
        <Card title="Quota">
          <Quotas
            quotas={[
              { title: 'Servers', quota: computeQuota?.servers },
              { title: 'vCPU', quota: computeQuota?.vcpus },
              { title: 'Memory', quota: computeQuota?.ramMib, unit: 'MiB' },
              { title: 'Volumes', quota: volumeQuota?.volumes },
              { title: 'Volume size', quota: volumeQuota?.sizeGib, unit: 'GiB' },
              { title: 'Snapshots', quota: volumeQuota?.snapshots },
              { title: 'Networks', quota: networkQuota?.networks },
              { title: 'Ports', quota: networkQuota?.ports },
              { title: 'Routers', quota: networkQuota?.routers },
              { title: 'Floating IPs', quota: networkQuota?.floatingIps },
              { title: 'Security groups', quota: networkQuota?.securityGroups },
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
