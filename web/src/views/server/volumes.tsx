import { formatGib } from '../../lib/format';
import { Thing } from '../../ui/link';
import { None, Status } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Age } from '../../ui/time';
import { Card } from '../../ui/view';
import type { Server } from './query';

export function Volumes({ server }: { server: Server }) {
  return (
    <Card title="Volumes and their snapshots">
      <Rows
        label="Volumes"
        rows={server.volumes?.nodes}
        empty="It has no volume."
        isCut={server.volumes?.pageInfo.hasNextPage ?? false}
        columns={[
          { title: 'Volume', cell: (volume) => <Thing kind="Volume" thing={volume} /> },
          {
            title: 'Device',
            cell: (volume) =>
              volume.attachments.find((each) => each.serverId === server.id)?.device ?? <None />,
          },
          { title: 'Size', isNumber: true, cell: (volume) => formatGib(volume.sizeGib) },
          { title: 'Type', cell: (volume) => volume.typeName ?? <None /> },
          { title: 'Status', cell: (volume) => <Status status={volume.status} /> },
          {
            title: 'Snapshots',
            cell: (volume) =>
              !volume.snapshots ? (
                'unknown'
              ) : volume.snapshots.nodes.length === 0 ? (
                <None />
              ) : (
                volume.snapshots.nodes.map((snapshot) => (
                  <div key={snapshot.id}>
                    <Thing kind="VolumeSnapshot" thing={snapshot} />{' '}
                    <span className="muted">
                      <Age time={snapshot.createdAt} />
                    </span>
                  </div>
                ))
              ),
          },
        ]}
      />
    </Card>
  );
}
