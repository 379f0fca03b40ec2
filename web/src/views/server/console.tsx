import { useMemo } from 'react';

import { Missing } from '../../ui/trouble';
import { Card } from '../../ui/view';
import type { Server } from './query';

export function Console({ server }: { server: Server }) {
  const lines = useMemo(
    () => server.consoleLog?.trimEnd().split('\n').length ?? 0,
    [server.consoleLog],
  );
  return (
    <Card
      title="Console log"
      aside={server.consoleLog === null ? undefined : `last ${lines} lines`}
    >
      {server.consoleLog === null ? (
        <Missing what="The console log" />
      ) : server.consoleLog === '' ? (
        <p className="empty">It is empty.</p>
      ) : (
        <pre className="code" tabIndex={0} aria-label="Console log">
          {server.consoleLog}
        </pre>
      )}
    </Card>
  );
}
