import { useState } from 'react';

import { useCaller } from '../../lib/caller';
import { formatWord } from '../../lib/format';
import { type Action, actionsFor } from '../../lib/lifecycle';
import { forgetAnswers } from '../../lib/live';
import { DeedDialog } from './deed';
import { Status } from '../../ui/status';
import { Age } from '../../ui/time';
import type { Server } from './query';

export function Head({ server, refresh }: { server: Server; refresh: () => void }) {
  const { canModify } = useCaller();
  const [action, setAction] = useState<Action | null>(null);
  const actions = actionsFor(server);
  return (
    <section className="card head-card" aria-label="State">
      <div className="head-state">
        <Status status={server.status} detail={server.taskState} />
        <span className="muted">power: {formatWord(server.powerState).toLowerCase()}</span>
        {server.isLocked ? <span className="tag">locked</span> : null}
        {server.progress && server.taskState ? <span>{server.progress} %</span> : null}
        <span className="muted">
          changed <Age time={server.updatedAt} />
        </span>
      </div>
      {server.fault ? (
        <p className="fault">
          <strong>Fault{server.fault.code == null ? '' : ` ${server.fault.code}`}:</strong>{' '}
          {server.fault.message} <Age time={server.fault.createdAt} />
        </p>
      ) : null}
      {canModify ? (
        <div className="lifecycle" role="group" aria-label="Change this server">
          {actions.map((each) => (
            <button
              key={each.id}
              type="button"
              className={`button ${each.isDestructive ? 'is-danger' : ''}`}
              onClick={() => setAction(each)}
            >
              {each.title}
            </button>
          ))}
        </div>
      ) : null}
      {action ? (
        <DeedDialog
          action={action}
          server={server}
          onClose={() => setAction(null)}
          onDone={() => {
            forgetAnswers();
            refresh();
          }}
        />
      ) : null}
    </section>
  );
}
