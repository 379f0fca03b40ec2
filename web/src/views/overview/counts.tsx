import { formatCount } from '../../lib/format';
import { toneOf } from '../../lib/status';
import { Go } from '../../ui/link';
import { Status } from '../../ui/status';
import { Missing } from '../../ui/trouble';
import { Card } from '../../ui/view';
import type { Cloud } from './query';

export function CountsCard({ counts }: { counts: Cloud['serverCounts'] }) {
  const total = counts?.reduce((sum, each) => sum + each.count, 0) ?? 0;
  return (
    <Card
      title="Servers by status"
      className="span-3"
      aside={
        counts ? (
          <Go to="/servers">
            {formatCount(total)} {total === 1 ? 'server' : 'servers'}
          </Go>
        ) : undefined
      }
    >
      {counts ? (
        <>
          <div className="strip" aria-hidden="true">
            {counts.map((each) => (
              <span
                key={each.status}
                className={`tone-${toneOf(each.status)}`}
                style={{ flexGrow: each.count }}
              />
            ))}
          </div>
          <ul className="counts">
            {counts.map((each) => (
              <li key={each.status}>
                <Go to={`/servers?status=${each.status}`}>
                  <Status status={each.status} />
                  <b>{formatCount(each.count)}</b>
                </Go>
              </li>
            ))}
            {counts.length === 0 ? <li className="empty">There are no servers.</li> : null}
          </ul>
        </>
      ) : (
        <Missing what="Servers" />
      )}
    </Card>
  );
}
