import { formatWord } from '../../lib/format';
import { kindTitle } from '../../lib/kinds';
import { useRecent } from '../../lib/recent';
import type { Change } from '../../lib/watch';
import { Thing } from '../../ui/link';
import { Status } from '../../ui/status';
import { Age } from '../../ui/time';
import { Card } from '../../ui/view';
import type { Cloud } from './query';
import type { Told } from './watches';

/** How many are shown. */
const SHOWN = 10;

interface Line {
  key: string;
  kind: string;
  id: string;
  name: string | null;
  at: string;
  status: string;
  taskState: string | null;
  /** What it was before, when that was told and is not what it is. */
  was: string | null;
}

/** A change that was told while the page was open. */
function toldLine(change: Change): Line {
  const now = change.now as Told | null;
  const before = change.before as Told | null;
  const status = now?.status ?? 'DELETED';
  return {
    key: `${change.id} ${change.seenAt}`,
    kind: change.noun,
    id: change.id,
    name: now?.name ?? before?.name ?? null,
    at: change.seenAt,
    status,
    taskState: now?.taskState ?? null,
    was: before && before.status !== status ? before.status : null,
  };
}

interface Updated {
  id: string;
  name: string | null;
  status: string;
  taskState?: string | null;
  updatedAt: string | null;
}

/** What the services themselves say was changed last. */
function updatedLines(kind: string, of: { nodes: Updated[] } | null | undefined): Line[] {
  return (of?.nodes ?? []).flatMap(({ id, name, status, taskState = null, updatedAt }) =>
    updatedAt === null
      ? []
      : [{ key: id, kind, id, name, at: updatedAt, status, taskState, was: null }],
  );
}

function linesOf(cloud: Cloud, recent: readonly Change[]): Line[] {
  const told = recent.map(toldLine);
  const isTold = new Set(told.map((line) => line.id));
  return [
    ...told,
    ...[
      ...updatedLines('Server', cloud.recentServers),
      ...updatedLines('Volume', cloud.recentVolumes),
      ...updatedLines('Stack', cloud.recentStacks),
    ].filter((line) => !isTold.has(line.id)),
  ]
    .sort((one, other) => Date.parse(other.at) - Date.parse(one.at))
    .slice(0, SHOWN);
}

export function ChangesCard({ cloud, cloudName }: { cloud: Cloud; cloudName: string | null }) {
  const lines = linesOf(cloud, useRecent(cloudName ?? ''));
  return (
    <Card title="Changed lately" className="span-5">
      <ul className="timeline">
        {lines.map((line) => (
          <li key={line.key}>
            <span className="muted">
              <Age time={line.at} />
            </span>
            <span>
              {line.status === 'DELETED' ? (
                (line.name ?? line.id)
              ) : (
                <Thing kind={line.kind} thing={line} />
              )}{' '}
              <span className="muted">{kindTitle(line.kind)}</span>
            </span>
            <span className="change">
              {line.was ? <span className="muted">{formatWord(line.was)} →</span> : null}
              <Status status={line.status} detail={line.taskState} />
            </span>
          </li>
        ))}
        {lines.length === 0 ? <li className="muted">Nothing is known to have changed.</li> : null}
      </ul>
    </Card>
  );
}
