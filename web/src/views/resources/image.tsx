import { graphql } from '../../graphql/graphql';
import { formatBytes } from '../../lib/format';
import { Thing } from '../../ui/link';
import { None, Status, YesNo } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Card, Facts } from '../../ui/view';
import { ServersAround, age, kind } from './kind';

const IMAGE = graphql(`
  query Image($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      image(id: $id) {
        id
        name
        status
        visibility
        sizeBytes
        virtualSizeBytes
        diskFormat
        containerFormat
        minDiskGib
        minRamMib
        isProtected
        isHidden
        osHashAlgo
        osHashValue
        tags
        properties
        projectId
        project {
          id
          name
        }
        serverId
        server {
          id
          name
        }
        createdAt
        updatedAt
        members(first: 100) {
          nodes {
            memberId
            status
            project {
              id
              name
            }
          }
        }
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

export const image = kind({
  what: 'image',
  list: { title: 'Images', path: '/images' },
  document: IMAGE,
  pick: (data) => data.cloud?.image,
  name: (node) => node.name,
  status: (node) => node.status,
  facts: (node) => [
    ['Visibility', node.visibility.toLowerCase()],
    ['Size', formatBytes(node.sizeBytes)],
    ['Unpacked', formatBytes(node.virtualSizeBytes)],
    ['Format', `${node.diskFormat ?? 'unknown'} in ${node.containerFormat ?? 'unknown'}`],
    ['Needs', `${node.minRamMib ?? 'unknown'} MiB · ${node.minDiskGib ?? 'unknown'} GiB`],
    ['Protected', <YesNo key="protected" value={node.isProtected} />],
    ['Hidden', <YesNo key="hidden" value={node.isHidden} />],
    ['Project', <Thing key="project" kind="Project" thing={node.project} id={node.projectId} />],
    [
      'Made of server',
      node.serverId ? (
        <Thing key="server" kind="Server" thing={node.server} id={node.serverId} />
      ) : (
        <None key="none" />
      ),
    ],
    ['Created', age(node.createdAt)],
    ['Changed', age(node.updatedAt)],
    [node.osHashAlgo ?? 'Checksum', <code key="hash">{node.osHashValue ?? 'unknown'}</code>],
  ],
  related: (node) => (
    <>
      <ServersAround of={node.servers} empty="No server was made from it." />
      {/* No other image has members. */}
      {node.visibility === 'SHARED' ? (
        <Card title="Shared with">
          <Rows
            label="Members"
            rows={node.members?.nodes}
            empty="Nobody in particular."
            columns={[
              {
                title: 'Project',
                cell: (each) => <Thing kind="Project" thing={each.project} id={each.memberId} />,
              },
              { title: 'Status', cell: (each) => <Status status={each.status} /> },
            ]}
          />
        </Card>
      ) : null}
      <Card title="Properties">
        <Facts
          facts={Object.entries((node.properties ?? {}) as Record<string, unknown>).map(
            ([name, value]) => [name, <code key={name}>{String(value)}</code>],
          )}
        />
      </Card>
    </>
  ),
});
