import { graphql } from '../../graphql/graphql';
import { formatBytes, formatGib } from '../../lib/format';
import { Thing } from '../../ui/link';
import { None, Status, YesNo } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Card, Facts } from '../../ui/view';
import { ServersAround, VolumesAround, age, kind, text } from './kind';

const VOLUME = graphql(`
  query Volume($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      volume(id: $id) {
        id
        name
        description
        status
        sizeGib
        typeName
        availabilityZone
        host
        isBootable
        isEncrypted
        isMultiattach
        imageId
        imageName
        sourceVolumeId
        sourceVolume {
          id
          name
        }
        snapshotId
        sourceSnapshot {
          id
          name
        }
        projectId
        project {
          id
          name
        }
        userId
        user {
          id
          name
        }
        createdAt
        updatedAt
        attachments {
          id
          serverId
          serverName
          device
          hostName
          attachedAt
          status
        }
        snapshots(first: 100) {
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
      }
    }
  }
`);

export const volume = kind({
  list: { title: 'Volumes', path: '/volumes' },
  document: VOLUME,
  pick: (data) => data.cloud?.volume,
  name: (node) => node.name,
  status: (node) => node.status,
  facts: (node) => [
    ['Size', formatGib(node.sizeGib)],
    ['Type', text(node.typeName)],
    ['Description', text(node.description)],
    ['Bootable', <YesNo key="bootable" value={node.isBootable} />],
    ['Encrypted', <YesNo key="encrypted" value={node.isEncrypted} />],
    ['Several servers', <YesNo key="multi" value={node.isMultiattach} />],
    [
      'Made from',
      node.imageId ? (
        <Thing key="image" kind="Image" thing={{ id: node.imageId, name: node.imageName }} />
      ) : node.snapshotId ? (
        <Thing
          key="snapshot"
          kind="VolumeSnapshot"
          thing={node.sourceSnapshot}
          id={node.snapshotId}
        />
      ) : node.sourceVolumeId ? (
        <Thing key="volume" kind="Volume" thing={node.sourceVolume} id={node.sourceVolumeId} />
      ) : (
        <None key="none" />
      ),
    ],
    ['Zone', text(node.availabilityZone)],
    ['Kept on', text(node.host)],
    ['Project', <Thing key="project" kind="Project" thing={node.project} id={node.projectId} />],
    ['User', <Thing key="user" kind="User" thing={node.user} id={node.userId} />],
    ['Created', age(node.createdAt)],
    ['Changed', age(node.updatedAt)],
  ],
  related: (node) => (
    <>
      <Card title="Attached to">
        <Rows
          label="Attachments"
          rows={node.attachments}
          empty="It is attached to nothing."
          columns={[
            {
              title: 'Server',
              cell: (each) => (
                <Thing
                  kind="Server"
                  thing={each.serverName ? { id: each.serverId, name: each.serverName } : null}
                  id={each.serverId}
                />
              ),
            },
            { title: 'As', cell: (each) => text(each.device) },
            { title: 'Host', cell: (each) => text(each.hostName) },
            { title: 'Since', cell: (each) => age(each.attachedAt) },
          ]}
        />
      </Card>
      <VolumesAround
        title="Snapshots"
        kind="VolumeSnapshot"
        of={node.snapshots}
        empty="It has no snapshot."
      />
    </>
  ),
});

const SNAPSHOT = graphql(`
  query Snapshot($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      volumeSnapshot(id: $id) {
        id
        name
        description
        status
        sizeGib
        progress
        volumeId
        volume {
          id
          name
          status
          sizeGib
        }
        projectId
        project {
          id
          name
        }
        createdAt
        updatedAt
      }
    }
  }
`);

export const volumeSnapshot = kind({
  list: { title: 'Snapshots', path: '/volumes?tab=snapshots' },
  document: SNAPSHOT,
  pick: (data) => data.cloud?.volumeSnapshot,
  name: (node) => node.name,
  status: (node) => node.status,
  facts: (node) => [
    ['Size', formatGib(node.sizeGib)],
    ['Description', text(node.description)],
    ['Project', <Thing key="project" kind="Project" thing={node.project} id={node.projectId} />],
    ['Created', age(node.createdAt)],
    ['Changed', age(node.updatedAt)],
  ],
  related: (node) => (
    <Card title="Of volume">
      {node.volume ? (
        <Facts
          facts={[
            ['Volume', <Thing key="volume" kind="Volume" thing={node.volume} />],
            ['Status', <Status key="status" status={node.volume.status} />],
            ['Size', formatGib(node.volume.sizeGib)],
          ]}
        />
      ) : (
        <p className="empty">
          Volume <code>{node.volumeId}</code> is gone or could not be read.
        </p>
      )}
    </Card>
  ),
});

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
