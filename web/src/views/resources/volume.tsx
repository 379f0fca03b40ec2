import { graphql } from '../../graphql/graphql';
import { formatGib } from '../../lib/format';
import { Thing } from '../../ui/link';
import { None, YesNo } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Card } from '../../ui/view';
import { VolumesAround, age, kind, text } from './kind';

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
  what: 'volume',
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
