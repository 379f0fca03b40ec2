import { Suspense, lazy, useMemo } from 'react';

import { graphql, type ResultOf } from '../graphql/graphql';
import { serviceName } from '../lib/errors';
import {
  formatCount,
  formatGib,
  formatMib,
  formatPercent,
  formatWord,
  nameOf,
} from '../lib/format';
import { kindTitle, pathOf } from '../lib/kinds';
import { useLive } from '../lib/live';
import { toneOf, toneOfPercent } from '../lib/status';
import { useCloudName } from '../lib/url-state';
import { QuotaBar } from '../ui/bar';
import { Icon } from '../ui/icon';
import { Go, Thing } from '../ui/link';
import { Status } from '../ui/status';
import { Rows } from '../ui/table';
import { Age } from '../ui/time';
import { Loading, Missing } from '../ui/trouble';
import { Card, View } from '../ui/view';

const Trend = lazy(() => import('../ui/trend').then((m) => ({ default: m.Trend })));

const OVERVIEW = graphql(`
  query Overview($cloud: String) {
    cloud(name: $cloud) {
      name
      regionName
      apis {
        service
        codeName
        isAvailable
        reason
        version
        maxMicroversion
        milliseconds
      }
      health {
        score
        status
        confidence
        checks {
          name
          outcome
          seen
          resourceCount
          resources {
            kind
            id
            name
            detail
          }
        }
      }
      capacity {
        vcpus {
          physical
          capacity
          used
          free
          usedPercent
        }
        memoryMib {
          physical
          capacity
          used
          free
          usedPercent
        }
        diskGib {
          physical
          capacity
          used
          free
          usedPercent
        }
        hypervisorCount
        runningServers
      }
      serverCounts {
        status
        count
      }
      hypervisors(first: 8, orderBy: { field: MEMORY_USED, direction: DESC }) {
        pageInfo {
          hasNextPage
        }
        nodes {
          id
          name
          state
          status
          capacity {
            vcpus {
              capacity
              used
              usedPercent
            }
            memoryMib {
              capacity
              used
              usedPercent
            }
          }
        }
      }
      computeServices(first: 1000) {
        nodes {
          id
          binary
          host
          status
          state
          updatedAt
        }
      }
      networkAgents(first: 1000) {
        nodes {
          id
          agentType
          host
          isAlive
          isAdminStateUp
          heartbeatAt
        }
      }
      volumeServices(first: 1000) {
        nodes {
          id
          binary
          host
          status
          state
          updatedAt
        }
      }
      recentServers: servers(first: 8, orderBy: { field: UPDATED_AT, direction: DESC }) {
        nodes {
          id
          name
          status
          taskState
          updatedAt
        }
      }
      recentVolumes: volumes(first: 8, orderBy: { field: UPDATED_AT, direction: DESC }) {
        nodes {
          id
          name
          status
          updatedAt
        }
      }
      recentStacks: stacks(first: 8, orderBy: { field: UPDATED_AT, direction: DESC }) {
        nodes {
          id
          name
          status
          updatedAt
        }
      }
      orphans {
        floatingIps(first: 100) {
          nodes {
            id
            name: floatingIpAddress
          }
        }
        ports(first: 100) {
          nodes {
            id
            name
          }
        }
        volumes(first: 100) {
          nodes {
            id
            name
            sizeGib
          }
        }
        unattachedVolumes(first: 100) {
          nodes {
            id
            name
            sizeGib
          }
        }
        volumeSnapshots(first: 100) {
          nodes {
            id
            name
          }
        }
        ofUnknownProjects {
          kind
          id
          name
          detail
        }
        unseen {
          what
          reason
        }
      }
      computeQuota {
        project {
          id
          name
        }
        servers {
          limit
          used
          reserved
        }
        vcpus {
          limit
          used
          reserved
        }
        ramMib {
          limit
          used
          reserved
        }
      }
      volumeQuota {
        volumes {
          limit
          used
          reserved
        }
        sizeGib {
          limit
          used
          reserved
        }
      }
      networkQuota {
        floatingIps {
          limit
          used
          reserved
        }
        ports {
          limit
          used
          reserved
        }
      }
    }
  }
`);

type Cloud = NonNullable<ResultOf<typeof OVERVIEW>['cloud']>;

export function Overview() {
  const cloudName = useCloudName();
  const variables = { cloud: cloudName };
  const live = useLive(OVERVIEW, variables);
  const cloud = live.data?.cloud;
  return (
    <View
      title="Overview"
      subtitle={cloud?.name ?? undefined}
      freshness={live}
      error={live.error}
      shown={{ document: OVERVIEW, variables }}
    >
      {cloud ? (
        <div className="grid is-even">
          <HealthCard health={cloud.health} />
          <CapacityCard capacity={cloud.capacity} at={live.fetchedAt} />
          <CountsCard counts={cloud.serverCounts} />
          <HypervisorsCard hypervisors={cloud.hypervisors} />
          <ServicesCard cloud={cloud} />
          <ChangesCard cloud={cloud} />
          <OrphansCard orphans={cloud.orphans} />
          <QuotaCard cloud={cloud} />
        </div>
      ) : live.isFetching ? (
        <Card title="Health">
          <Loading lines={12} />
        </Card>
      ) : (
        <Missing what="The cloud" />
      )}
    </View>
  );
}

/** `api_block_storage` as `API of block storage`. */
function checkTitle(name: string): string {
  if (name.startsWith('api_')) {
    const service = name.slice(4).replace('_', '-');
    return `API: ${serviceName(service)}`;
  }
  return formatWord(name).replace(/^Vcpu\b/, 'vCPU');
}

function Dial({ score, status }: { score: number | null; status: string }) {
  const part = score === null ? 0 : score / 100;
  // Half a circle of radius 60.
  const length = Math.PI * 60;
  return (
    <svg
      className={`dial tone-${toneOf(status)}`}
      viewBox="0 0 148 88"
      role="img"
      aria-label={score === null ? 'Score unknown' : `Score ${score} of 100`}
    >
      <path d="M14 78a60 60 0 0 1 120 0" />
      {score === null ? null : (
        <path
          className="dial-value"
          d="M14 78a60 60 0 0 1 120 0"
          strokeDasharray={`${part * length} ${length}`}
        />
      )}
      <text x="74" y="74">
        {score ?? '–'}
      </text>
    </svg>
  );
}

function HealthCard({ health }: { health: Cloud['health'] }) {
  if (!health) {
    return (
      <Card title="Health" className="span-12">
        <Missing what="Health" />
      </Card>
    );
  }
  const open = health.checks.filter((check) => check.outcome !== 'PASS');
  const passed = health.checks.filter((check) => check.outcome === 'PASS');
  return (
    <Card title="Health" className="span-12" aside={`${health.checks.length} checks`}>
      <div className="hero">
        <div className="score">
          <Dial score={health.score} status={health.status} />
          <Status status={health.status} />
          <p
            className="muted"
            title="The weight of what could be checked; what could not is never counted as passed"
          >
            {health.confidence} % could be checked
          </p>
        </div>
        <div>
          <ul className="checks" aria-label="Checks that did not pass">
            {open.length === 0 ? <li className="empty">Every check passed.</li> : null}
            {open.map((check) => (
              <li key={check.name}>
                {check.resources.length > 0 ? (
                  <details>
                    <summary>
                      <Status status={check.outcome} />
                      <strong>{checkTitle(check.name)}</strong>
                      <span className="seen">{check.seen}</span>
                      <span className="muted more">
                        {formatCount(check.resourceCount)}
                        <Icon name="chevron" />
                      </span>
                    </summary>
                    <ul className="resources">
                      {check.resources.map((resource, index) => (
                        <li key={index} title={resource.detail ?? undefined}>
                          <Concerned resource={resource} />{' '}
                          <span className="muted">{resource.detail}</span>
                        </li>
                      ))}
                      {(check.resourceCount ?? 0) > check.resources.length ? (
                        <li className="muted">
                          and {(check.resourceCount ?? 0) - check.resources.length} more
                        </li>
                      ) : null}
                    </ul>
                  </details>
                ) : (
                  <div className="check-line">
                    <Status status={check.outcome} />
                    <strong>{checkTitle(check.name)}</strong>
                    <span className="seen">{check.seen}</span>
                  </div>
                )}
              </li>
            ))}
          </ul>
          {passed.length > 0 ? (
            <details className="passed">
              <summary>{passed.length} checks passed</summary>
              <ul>
                {passed.map((check) => (
                  <li key={check.name}>
                    <Status status="PASS" /> {checkTitle(check.name)}: {check.seen}
                  </li>
                ))}
              </ul>
            </details>
          ) : null}
        </div>
      </div>
    </Card>
  );
}

function Concerned({
  resource,
}: {
  resource: { kind: string; id: string | null; name: string | null };
}) {
  const path = pathOf(resource.kind, resource.id);
  const label = nameOf(resource);
  return path ? <Go to={path}>{label}</Go> : <span title={kindTitle(resource.kind)}>{label}</span>;
}

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
  return (
    <div className="big-line">
      <div>
        <strong>{title}</strong>
        <span>
          {format(line.used)} <span className="muted">of {format(line.capacity)}</span>
        </span>
      </div>
      <span
        className={`bar tone-${toneOfPercent(line.usedPercent)}`}
        role="meter"
        aria-label={`${title} given away`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(line.usedPercent ?? 0)}
        aria-valuetext={formatPercent(line.usedPercent)}
      >
        <span style={{ width: `${Math.min(100, line.usedPercent ?? 0)}%` }} />
      </span>
      <small title="What is there, without overcommitment">
        {formatPercent(line.usedPercent)} given away · {format(line.free)} free ·{' '}
        {format(line.physical)} physical
      </small>
    </div>
  );
}

function CapacityCard({ capacity, at }: { capacity: Cloud['capacity']; at: number | null }) {
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
          <Go to="/hypervisors">{formatCount(capacity.hypervisorCount)} hypervisors</Go>
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

function CountsCard({ counts }: { counts: Cloud['serverCounts'] }) {
  const total = counts?.reduce((sum, each) => sum + each.count, 0) ?? 0;
  return (
    <Card
      title="Servers by status"
      className="span-3"
      aside={counts ? <Go to="/servers">{formatCount(total)} servers</Go> : undefined}
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

function HypervisorsCard({ hypervisors }: { hypervisors: Cloud['hypervisors'] }) {
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
              <Percent label={`vCPU of ${row.name}`} percent={row.capacity?.vcpus.usedPercent} />
            ),
          },
          {
            title: 'Memory',
            cell: (row) => (
              <Percent
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

function Percent({ percent, label }: { percent: number | null | undefined; label: string }) {
  return (
    <span className="bar-with-text">
      <span
        className={`bar tone-${toneOfPercent(percent)}`}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(percent ?? 0)}
        aria-valuetext={formatPercent(percent)}
      >
        <span style={{ width: `${Math.min(100, percent ?? 0)}%` }} />
      </span>
      <span className="bar-text">{formatPercent(percent)}</span>
    </span>
  );
}

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

function ServicesCard({ cloud }: { cloud: Cloud }) {
  const { known, unread } = agentsOf(cloud);
  const wrong = known.filter((agent) => agent.status !== 'UP');
  return (
    <Card
      title="Services and agents"
      className="span-7"
      aside={`${known.length - wrong.length} of ${known.length} services and agents are up`}
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

function ChangesCard({ cloud }: { cloud: Cloud }) {
  const changes = [
    ...(cloud.recentServers?.nodes ?? []).map((each) => ({ ...each, kind: 'Server' })),
    ...(cloud.recentVolumes?.nodes ?? []).map((each) => ({
      ...each,
      kind: 'Volume',
      taskState: null,
    })),
    ...(cloud.recentStacks?.nodes ?? []).map((each) => ({
      ...each,
      kind: 'Stack',
      taskState: null,
    })),
  ]
    .filter((each) => each.updatedAt !== null)
    .sort((one, other) => (other.updatedAt ?? '').localeCompare(one.updatedAt ?? ''))
    .slice(0, 9);
  return (
    <Card title="Changed lately" className="span-5">
      <ul className="timeline">
        {changes.map((each) => (
          <li key={each.id}>
            <span className="muted">
              <Age time={each.updatedAt} />
            </span>
            <span>
              <Thing kind={each.kind} thing={each} />{' '}
              <span className="muted">{kindTitle(each.kind)}</span>
            </span>
            <Status status={each.status} detail={each.taskState} />
          </li>
        ))}
        {changes.length === 0 ? <li className="muted">Nothing is known to have changed.</li> : null}
      </ul>
    </Card>
  );
}

function OrphansCard({ orphans }: { orphans: Cloud['orphans'] }) {
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

function QuotaCard({ cloud }: { cloud: Cloud }) {
  const { computeQuota, volumeQuota, networkQuota } = cloud;
  const project = computeQuota?.project?.name;
  const quotas = [
    { title: 'Servers', quota: computeQuota?.servers, format: formatCount },
    { title: 'vCPU', quota: computeQuota?.vcpus, format: formatCount },
    { title: 'Memory', quota: computeQuota?.ramMib, format: formatMib },
    { title: 'Volumes', quota: volumeQuota?.volumes, format: formatCount },
    { title: 'Volume size', quota: volumeQuota?.sizeGib, format: formatGib },
    { title: 'Ports', quota: networkQuota?.ports, format: formatCount },
    { title: 'Floating IPs', quota: networkQuota?.floatingIps, format: formatCount },
  ];
  return (
    <Card
      title="Quota"
      className="span-5"
      aside={project ? <Thing kind="Project" thing={computeQuota.project} /> : 'own project'}
    >
      <Rows
        label="Quota"
        rows={quotas}
        empty=""
        columns={[
          { title: 'Of', cell: (each) => each.title },
          {
            title: 'Used',
            cell: (each) => (
              <QuotaBar quota={each.quota} format={each.format} label={`${each.title} used`} />
            ),
          },
        ]}
      />
    </Card>
  );
}
