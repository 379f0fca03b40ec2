import { PercentBar } from '../../ui/bar';
import { Go, Thing } from '../../ui/link';
import { Status } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Card } from '../../ui/view';
import type { Cloud } from './query';

export function HypervisorsCard({ hypervisors }: { hypervisors: Cloud['hypervisors'] }) {
  return (
    <Card
      title="Fullest hypervisors"
      className="span-5"
      aside={hypervisors?.pageInfo.hasNextPage ? <Go to="/hypervisors">all</Go> : undefined}
    >
      <Rows
        label="Fullest hypervisors"
        rows={hypervisors?.nodes}
        empty="There are no hypervisors."
        columns={[
          {
            title: 'Name',
            cell: (row) => (
              <>
                <Thing kind="Hypervisor" thing={row} />{' '}
                {row.state === 'UP' && row.status === 'ENABLED' ? null : (
                  <Status status={row.state === 'UP' ? row.status : row.state} />
                )}
              </>
            ),
          },
          {
            title: 'vCPU',
            cell: (row) => (
              <PercentBar label={`vCPU of ${row.name}`} percent={row.capacity?.vcpus.usedPercent} />
            ),
          },
          {
            title: 'Memory',
            cell: (row) => (
              <PercentBar
                label={`Memory of ${row.name}`}
                percent={row.capacity?.memoryMib.usedPercent}
              />
            ),
          },
        ]}
      />
    </Card>
  );
}
