import { useMemo, useState } from 'react';

import { graphql, type ResultOf } from '../graphql/graphql';
import { useCaller } from '../lib/caller';
import { isMissing } from '../lib/errors';
import { formatGib, formatMib, nameOf, portRange } from '../lib/format';
import { type Action, actionsFor } from '../lib/lifecycle';
import { forgetAnswers, useLive } from '../lib/live';
import { useCloudName } from '../lib/url-state';
import { DeedDialog } from '../ui/deed';
import { Go, Thing } from '../ui/link';
import { None, Status, Unknown, YesNo } from '../ui/status';
import { Rows } from '../ui/table';
import { Age } from '../ui/time';
import { Loading, Missing } from '../ui/trouble';
import { Card, Facts, View } from '../ui/view';

const SERVER = graphql(`
  query Server($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      server(id: $id) {
        id
        name
        description
        status
        vmState
        taskState
        powerState
        progress
        createdAt
        updatedAt
        launchedAt
        availabilityZone
        host
        hypervisorHostname
        instanceName
        hostname
        hostStatus
        flavorName
        vcpus
        ramMib
        diskGib
        ephemeralGib
        swapMib
        imageId
        keyName
        metadata
        tags
        isLocked
        lockedReason
        projectId
        userId
        securityGroupNames
        fault {
          code
          message
          createdAt
        }
        addresses {
          networkName
          address
          kind
          macAddress
        }
        flavor {
          id
          name
        }
        image {
          id
          name
          status
        }
        hypervisor {
          id
          name
          state
          status
        }
        hostAggregates(first: 20) {
          nodes {
            id
            name
          }
        }
        project {
          id
          name
        }
        user {
          id
          name
        }
        stack {
          id
          name
          status
        }
        serverGroups(first: 20) {
          nodes {
            id
            name
            policy
          }
        }
        ports(first: 50) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            status
            macAddress
            networkId
            network {
              id
              name
            }
            fixedIps {
              ipAddress
              subnet {
                id
                name
                cidr
              }
            }
          }
        }
        floatingIps(first: 50) {
          nodes {
            id
            floatingIpAddress
            fixedIpAddress
            status
            network {
              id
              name
            }
          }
        }
        securityGroups(first: 50) {
          nodes {
            id
            name
            rules(first: 100) {
              pageInfo {
                hasNextPage
              }
              nodes {
                id
                direction
                ethertype
                protocol
                portRangeMin
                portRangeMax
                remoteIpPrefix
                remoteGroupId
                remoteGroup {
                  id
                  name
                }
              }
            }
          }
        }
        volumes(first: 50) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            status
            sizeGib
            typeName
            isBootable
            attachments {
              id
              serverId
              device
            }
            snapshots(first: 20) {
              nodes {
                id
                name
                status
                createdAt
              }
            }
          }
        }
        actions(first: 20) {
          pageInfo {
            hasNextPage
          }
          nodes {
            requestId
            action
            startedAt
            message
            hasFailed
            userId
            user {
              id
              name
            }
            events {
              event
              startedAt
              finishedAt
              result
              host
              details
            }
          }
        }
        consoleLog(lines: 200)
      }
    }
  }
`);

type Server_ = NonNullable<NonNullable<ResultOf<typeof SERVER>['cloud']>['server']>;

export function Server({ id }: { id: string }) {
  const cloud = useCloudName();
  const variables = { cloud, id };
  const [isChanging, setChanging] = useState(false);
  const live = useLive(SERVER, variables, { hurry: isChanging ? 3 : undefined });
  const server = live.data?.cloud?.server;
  const isUnderWay = server?.taskState != null;
  // While something is under way it is looked at more often.
  if (isUnderWay !== isChanging) setChanging(isUnderWay);

  return (
    <View
      title={server ? nameOf(server) : 'Server'}
      subtitle={<code>{id}</code>}
      crumbs={<Go to="/servers">Servers</Go>}
      freshness={live}
      error={live.error}
      shown={{ document: SERVER, variables }}
    >
      {server ? (
        <>
          <Head server={server} refresh={live.refresh} />
          <div className="grid">
            <div className="stack span-4">
              <About server={server} isStackUnknown={isMissing(live.error, 'server.stack')} />
            </div>
            <div className="stack span-8">
              <Ports server={server} />
              <Volumes server={server} />
              <SecurityGroups server={server} />
            </div>
            <div className="span-12">
              <Actions server={server} />
            </div>
            <div className="span-12">
              <Console server={server} />
            </div>
          </div>
        </>
      ) : live.isFetching ? (
        <Card title="Server">
          <Loading lines={14} />
        </Card>
      ) : live.error ? (
        <Missing what="The server" />
      ) : (
        <p className="empty">There is no server with this id in this cloud.</p>
      )}
    </View>
  );
}

function Head({ server, refresh }: { server: Server_; refresh: () => void }) {
  const { canModify } = useCaller();
  const [action, setAction] = useState<Action | null>(null);
  const actions = actionsFor(server);
  return (
    <section className="card head-card" aria-label="State">
      <div className="head-state">
        <Status status={server.status} detail={server.taskState} />
        <span className="muted">power: {server.powerState?.toLowerCase() ?? 'unknown'}</span>
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

function About({ server, isStackUnknown }: { server: Server_; isStackUnknown: boolean }) {
  const metadata = Object.entries((server.metadata ?? {}) as Record<string, unknown>);
  return (
    <Card title="About">
      <Facts
        facts={[
          [
            'Flavor',
            <Thing
              key="flavor"
              kind="Flavor"
              thing={server.flavor ?? { id: '', name: server.flavorName }}
            />,
          ],
          [
            'Size',
            `${server.vcpus ?? 'unknown'} vCPU · ${formatMib(server.ramMib)} · ${formatGib(server.diskGib)}`,
          ],
          [
            'Image',
            server.imageId ? (
              <Thing key="image" kind="Image" thing={server.image} id={server.imageId} />
            ) : (
              'boots from a volume'
            ),
          ],
          [
            'Host',
            server.host ? (
              <>
                {server.hypervisor ? (
                  <>
                    <Thing kind="Hypervisor" thing={server.hypervisor} />{' '}
                    {server.hypervisor.state === 'UP' ? null : (
                      <Status status={server.hypervisor.state} />
                    )}
                  </>
                ) : (
                  server.host
                )}
              </>
            ) : (
              <None key="host" />
            ),
          ],
          ['Zone', server.availabilityZone ?? <None key="zone" />],
          [
            'Aggregates',
            (server.hostAggregates?.nodes ?? []).map((each) => each.name).join(', ') || (
              <None key="aggregates" />
            ),
          ],
          [
            'Project',
            <Thing key="project" kind="Project" thing={server.project} id={server.projectId} />,
          ],
          ['User', <Thing key="user" kind="User" thing={server.user} id={server.userId} />],
          [
            'Stack',
            server.stack ? (
              <Thing key="stack" kind="Stack" thing={server.stack} />
            ) : isStackUnknown ? (
              <Unknown key="stack" />
            ) : (
              <None key="stack" />
            ),
          ],
          [
            'Server groups',
            server.serverGroups ? (
              server.serverGroups.nodes.map((each) => nameOf(each)).join(', ') || (
                <None key="groups" />
              )
            ) : (
              <Unknown key="groups" />
            ),
          ],
          ['Key pair', server.keyName ?? <None key="key" />],
          ['Host name', server.hostname ?? <None key="hostname" />],
          ['On the host', server.instanceName ?? <None key="instance" />],
          [
            'Locked',
            server.isLocked && server.lockedReason ? (
              `Yes: ${server.lockedReason}`
            ) : (
              <YesNo key="locked" value={server.isLocked} />
            ),
          ],
          ['Created', <Age key="created" time={server.createdAt} />],
          [
            'Launched',
            server.launchedAt ? (
              <Age key="launched" time={server.launchedAt} />
            ) : (
              <None key="launched" />
            ),
          ],
          ...(server.tags.length > 0
            ? [
                [
                  'Tags',
                  server.tags.map((tag) => (
                    <span className="tag" key={tag}>
                      {tag}
                    </span>
                  )),
                ] as [string, React.ReactNode],
              ]
            : []),
          ...metadata.map(
            ([name, value]) =>
              [name, <code key={name}>{String(value)}</code>] as [string, React.ReactNode],
          ),
        ]}
      />
    </Card>
  );
}

function Ports({ server }: { server: Server_ }) {
  return (
    <Card title="Ports and addresses">
      {server.ports ? (
        <Rows
          label="Ports"
          rows={server.ports.nodes}
          empty="It has no port."
          isCut={server.ports.pageInfo.hasNextPage}
          columns={[
            {
              title: 'Network',
              cell: (port) => <Thing kind="Network" thing={port.network} id={port.networkId} />,
            },
            {
              title: 'Address',
              cell: (port) =>
                port.fixedIps.map((each) => (
                  <div key={each.ipAddress} title={each.subnet?.cidr ?? undefined}>
                    {each.ipAddress}
                  </div>
                )),
            },
            {
              title: 'Floating IP',
              cell: (port) => {
                const own = (server.floatingIps?.nodes ?? []).filter((floatingIp) =>
                  port.fixedIps.some((each) => each.ipAddress === floatingIp.fixedIpAddress),
                );
                if (!server.floatingIps) return 'unknown';
                if (own.length === 0) return <None />;
                return own.map((each) => (
                  <div key={each.id}>
                    <Thing
                      kind="FloatingIp"
                      thing={{ id: each.id, name: each.floatingIpAddress }}
                    />
                  </div>
                ));
              },
            },
            { title: 'MAC', cell: (port) => <code>{port.macAddress}</code> },
            { title: 'Status', cell: (port) => <Status status={port.status} /> },
            { title: 'Port', cell: (port) => <Thing kind="Port" thing={port} /> },
          ]}
        />
      ) : (
        <>
          <p className="empty">Ports could not be read; these are the addresses Nova knows.</p>
          <Rows
            label="Addresses"
            rows={server.addresses}
            empty="It has no address."
            columns={[
              { title: 'Network', cell: (each) => each.networkName },
              { title: 'Address', cell: (each) => each.address },
              { title: 'Kind', cell: (each) => each.kind.toLowerCase() },
            ]}
          />
        </>
      )}
    </Card>
  );
}

function Volumes({ server }: { server: Server_ }) {
  return (
    <Card title="Volumes and their snapshots">
      <Rows
        label="Volumes"
        rows={server.volumes?.nodes}
        empty="It has no volume."
        isCut={server.volumes?.pageInfo.hasNextPage ?? false}
        columns={[
          { title: 'Volume', cell: (volume) => <Thing kind="Volume" thing={volume} /> },
          {
            title: 'Device',
            cell: (volume) =>
              volume.attachments.find((each) => each.serverId === server.id)?.device ?? <None />,
          },
          { title: 'Size', isNumber: true, cell: (volume) => formatGib(volume.sizeGib) },
          { title: 'Type', cell: (volume) => volume.typeName ?? <None /> },
          { title: 'Status', cell: (volume) => <Status status={volume.status} /> },
          {
            title: 'Snapshots',
            cell: (volume) =>
              !volume.snapshots ? (
                'unknown'
              ) : volume.snapshots.nodes.length === 0 ? (
                <None />
              ) : (
                volume.snapshots.nodes.map((snapshot) => (
                  <div key={snapshot.id}>
                    <Thing kind="VolumeSnapshot" thing={snapshot} />{' '}
                    <span className="muted">
                      <Age time={snapshot.createdAt} />
                    </span>
                  </div>
                ))
              ),
          },
        ]}
      />
    </Card>
  );
}

function SecurityGroups({ server }: { server: Server_ }) {
  const rules = server.securityGroups?.nodes.flatMap((group) =>
    (group.rules?.nodes ?? []).map((rule) => ({ ...rule, group })),
  );
  return (
    <Card
      title="Security groups"
      aside={server.securityGroups ? undefined : server.securityGroupNames.join(', ')}
    >
      <Rows
        label="Security group rules"
        rows={rules}
        empty="No rule lets anything in or out."
        columns={[
          { title: 'Group', cell: (rule) => <Thing kind="SecurityGroup" thing={rule.group} /> },
          { title: 'Direction', cell: (rule) => (rule.direction === 'INGRESS' ? '→ in' : '← out') },
          {
            title: 'Protocol',
            cell: (rule) => `${rule.protocol ?? 'any'} (${rule.ethertype.replace('IPV', 'IPv')})`,
          },
          { title: 'Ports', cell: (rule) => portRange(rule.portRangeMin, rule.portRangeMax) },
          {
            title: 'Remote',
            cell: (rule) =>
              rule.remoteGroupId ? (
                <Thing kind="SecurityGroup" thing={rule.remoteGroup} id={rule.remoteGroupId} />
              ) : (
                (rule.remoteIpPrefix ?? 'anywhere')
              ),
          },
        ]}
      />
    </Card>
  );
}

function Actions({ server }: { server: Server_ }) {
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

function Console({ server }: { server: Server_ }) {
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
