import { formatCount } from '../../lib/format';
import { Thing } from '../../ui/link';
import { Rows } from '../../ui/table';
import { Missing } from '../../ui/trouble';
import { Card } from '../../ui/view';
import type { Cloud } from './query';

export function OrphansCard({ orphans }: { orphans: Cloud['orphans'] }) {
  if (!orphans) {
    return (
      <Card title="Belongs to nothing" className="span-7">
        <Missing what="What belongs to nothing" />
      </Card>
    );
  }
  const groups = [
    { title: 'Floating IPs at no port', kind: 'FloatingIp', of: orphans.floatingIps },
    { title: 'Ports of servers that are gone', kind: 'Port', of: orphans.ports },
    { title: 'Volumes of servers that are gone', kind: 'Volume', of: orphans.volumes },
    { title: 'Volumes unattached for a week', kind: 'Volume', of: orphans.unattachedVolumes },
    {
      title: 'Snapshots of volumes that are gone',
      kind: 'VolumeSnapshot',
      of: orphans.volumeSnapshots,
    },
    {
      title: 'Of projects that are gone',
      kind: null,
      of: orphans.ofUnknownProjects ? { nodes: orphans.ofUnknownProjects } : null,
    },
  ];
  return (
    <Card title="Belongs to nothing" className="span-7">
      <Rows
        label="What belongs to nothing"
        rows={groups}
        empty=""
        columns={[
          { title: 'What', cell: (group) => group.title },
          {
            title: 'Count',
            isNumber: true,
            cell: (group) => formatCount(group.of?.nodes.length),
          },
          {
            title: 'Which',
            cell: (group) => (
              <span className="which">
                {(group.of?.nodes ?? []).slice(0, 5).map((thing, index) => (
                  <span key={thing.id ?? index}>
                    {index > 0 ? ', ' : ''}
                    <Thing kind={group.kind ?? ('kind' in thing ? thing.kind : '')} thing={thing} />
                  </span>
                ))}
                {(group.of?.nodes.length ?? 0) > 5 ? ' …' : ''}
              </span>
            ),
          },
        ]}
      />
      {orphans.unseen.length > 0 ? (
        <p className="cut">
          Not looked at: {orphans.unseen.map((each) => `${each.what} (${each.reason})`).join('; ')}
        </p>
      ) : null}
    </Card>
  );
}
