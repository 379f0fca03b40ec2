import { formatCount } from '../../lib/format';
import { Status } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Age } from '../../ui/time';
import { Card } from '../../ui/view';
import type { Cloud } from './query';

interface Agent {
  id: string;
  what: string;
  host: string | null;
  status: string;
  heardAt: string | null;
}

/** Services and agents of all kinds, with what is wrong first. */
function agentsOf(cloud: Cloud): { known: Agent[]; unread: string[] } {
  const service = (each: {
    id: string;
    binary: string;
    host: string;
    status: string | null;
    state: string | null;
    updatedAt: string | null;
  }): Agent => ({
    id: each.id,
    what: each.binary,
    host: each.host,
    status: each.status === 'DISABLED' ? 'DISABLED' : (each.state ?? 'UNKNOWN'),
    heardAt: each.updatedAt,
  });
  const unread = [
    cloud.computeServices ? [] : ['compute services'],
    cloud.networkAgents ? [] : ['network agents'],
    cloud.volumeServices ? [] : ['volume services'],
  ].flat();
  const known = [
    ...(cloud.computeServices?.nodes ?? []).map(service),
    ...(cloud.networkAgents?.nodes ?? []).map((agent): Agent => ({
      id: agent.id,
      what: agent.agentType ?? 'agent',
      host: agent.host,
      status:
        agent.isAdminStateUp === false
          ? 'DISABLED'
          : agent.isAlive === null
            ? 'UNKNOWN'
            : agent.isAlive
              ? 'UP'
              : 'DOWN',
      heardAt: agent.heartbeatAt,
    })),
    ...(cloud.volumeServices?.nodes ?? []).map(service),
  ];
  return { known, unread };
}

export function ServicesCard({ cloud }: { cloud: Cloud }) {
  const { known, unread } = agentsOf(cloud);
  const wrong = known.filter((agent) => agent.status !== 'UP');
  return (
    <Card
      title="Services and agents"
      className="span-7"
      aside={
        known.length > 0
          ? `${known.length - wrong.length} of ${known.length} ${unread.length > 0 ? 'known ' : ''}services and agents are up`
          : undefined
      }
    >
      <Rows
        label="APIs"
        rows={cloud.apis}
        empty="No API is known."
        columns={[
          { title: 'API', cell: (api) => <span title={api.service}>{api.codeName}</span> },
          {
            title: 'Answers',
            cell: (api) => (
              <span title={api.reason ?? undefined}>
                <Status status={api.isAvailable ? 'UP' : 'DOWN'} />
              </span>
            ),
          },
          { title: 'Version', cell: (api) => api.maxMicroversion ?? api.version ?? '–' },
          { title: 'Took', isNumber: true, cell: (api) => `${formatCount(api.milliseconds)} ms` },
        ]}
      />
      {unread.length > 0 ? <p className="empty">Not read: {unread.join(', ')}.</p> : null}
      {wrong.length > 0 ? (
        <Rows
          label="Services and agents that are not up"
          rows={wrong}
          empty=""
          columns={[
            { title: 'Not up', cell: (agent) => agent.what },
            { title: 'Host', cell: (agent) => agent.host ?? '–' },
            { title: 'State', cell: (agent) => <Status status={agent.status} /> },
            { title: 'Last heard', cell: (agent) => <Age time={agent.heardAt} /> },
          ]}
        />
      ) : null}
    </Card>
  );
}
