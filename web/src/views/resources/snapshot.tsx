import { graphql } from '../../graphql/graphql';
import { formatGib } from '../../lib/format';
import { Thing } from '../../ui/link';
import { Status } from '../../ui/status';
import { Card, Facts } from '../../ui/view';
import { age, kind, text } from './kind';

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
  what: 'snapshot',
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
