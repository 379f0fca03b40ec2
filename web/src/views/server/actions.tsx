import { nameOf } from '../../lib/format';
import { Thing } from '../../ui/link';
import { None, Status } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Age } from '../../ui/time';
import { Missing } from '../../ui/trouble';
import { Card } from '../../ui/view';
import type { Server } from './query';

export function Actions({ server }: { server: Server }) {
  return (
    <Card title="What was done to it">
      {server.actions ? (
        <ul className="actions">
          {server.actions.nodes.map((action) => (
            <li key={action.requestId}>
              <details>
                <summary>
                  <span className="muted">
                    <Age time={action.startedAt} />
                  </span>
                  <strong>{action.action}</strong>
                  <Status
                    status={action.hasFailed ? 'ERROR' : 'SUCCESS'}
                    tone={action.hasFailed ? 'bad' : 'ok'}
                  />
                  <span className="muted">
                    by {action.userId ? nameOf(action.user ?? { id: action.userId }) : 'Nova'}
                  </span>
                  <code className="muted request-id">{action.requestId}</code>
                </summary>
                {action.userId ? (
                  <p className="cut">
                    Asked for by <Thing kind="User" thing={action.user} id={action.userId} />
                  </p>
                ) : null}
                <Rows
                  label={`Events of ${action.action}`}
                  rows={action.events}
                  empty="No event is known."
                  columns={[
                    { title: 'Event', cell: (event) => event.event },
                    { title: 'Result', cell: (event) => <Status status={event.result} /> },
                    { title: 'Began', cell: (event) => <Age time={event.startedAt} /> },
                    { title: 'Took', cell: (event) => took(event.startedAt, event.finishedAt) },
                    { title: 'Host', cell: (event) => event.host ?? <None /> },
                    {
                      title: 'Details',
                      cell: (event) => <span className="prose">{event.details ?? <None />}</span>,
                    },
                  ]}
                />
              </details>
            </li>
          ))}
          {server.actions.nodes.length === 0 ? (
            <li className="empty">Nothing was done to it, as far as Nova knows.</li>
          ) : null}
        </ul>
      ) : (
        <Missing what="What was done to it" />
      )}
    </Card>
  );
}

function took(from: string | null, to: string | null): string {
  if (!from || !to) return 'under way or unknown';
  return `${((Date.parse(to) - Date.parse(from)) / 1000).toFixed(1)} s`;
}
