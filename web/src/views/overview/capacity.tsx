import { Suspense, lazy, useMemo } from 'react';

import { formatCount, formatGib, formatMib, formatPercent } from '../../lib/format';
import { Meter } from '../../ui/bar';
import { Go } from '../../ui/link';
import { Unknown } from '../../ui/status';
import { Missing } from '../../ui/trouble';
import { Card } from '../../ui/view';
import type { Cloud } from './query';

const Trend = lazy(() => import('../../ui/trend').then((m) => ({ default: m.Trend })));

type Line = NonNullable<Cloud['capacity']>['vcpus'];

function BigLine({
  title,
  line,
  format,
}: {
  title: string;
  line: Line;
  format: (value: number | null | undefined) => string;
}) {
  // What is not known is said once, above.
  const facts = [
    line.usedPercent === null ? [] : `${formatPercent(line.usedPercent)} given away`,
    line.free === null ? [] : `${format(line.free)} free`,
    line.physical === null ? [] : `${format(line.physical)} physical`,
  ].flat();
  return (
    <div className="big-line">
      <div>
        <strong>{title}</strong>
        <span>
          {line.used === null && line.capacity === null ? (
            <Unknown />
          ) : (
            <>
              {format(line.used)} <span className="muted">of {format(line.capacity)}</span>
            </>
          )}
        </span>
      </div>
      <Meter percent={line.usedPercent} label={`${title} given away`} />
      <small title="What is there, without overcommitment">{facts.join(' · ')}</small>
    </div>
  );
}

export function CapacityCard({ capacity, at }: { capacity: Cloud['capacity']; at: number | null }) {
  const values = useMemo(
    () =>
      capacity
        ? [capacity.vcpus.usedPercent, capacity.memoryMib.usedPercent, capacity.diskGib.usedPercent]
        : null,
    [capacity],
  );
  return (
    <Card
      title="Capacity"
      className="span-4"
      aside={
        capacity ? (
          <Go to="/hypervisors">
            {capacity.hypervisorCount === null ? '' : formatCount(capacity.hypervisorCount)}{' '}
            hypervisors
          </Go>
        ) : undefined
      }
    >
      {capacity ? (
        <>
          <div className="big-lines">
            <BigLine title="vCPU" line={capacity.vcpus} format={formatCount} />
            <BigLine title="Memory" line={capacity.memoryMib} format={formatMib} />
            <BigLine title="Disk" line={capacity.diskGib} format={formatGib} />
          </div>
          <Suspense>
            <Trend
              names={['vCPU', 'Memory', 'Disk']}
              values={values}
              at={at}
              label="Capacity given away, in percent, since this page was opened"
            />
          </Suspense>
        </>
      ) : (
        <Missing what="Capacity" />
      )}
    </Card>
  );
}
