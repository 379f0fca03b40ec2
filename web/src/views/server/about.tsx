import { formatGib, formatMib, nameOf } from '../../lib/format';
import { Thing } from '../../ui/link';
import { None, Status, Unknown, YesNo } from '../../ui/status';
import { Age } from '../../ui/time';
import { Card, Facts } from '../../ui/view';
import type { Server } from './query';

export function About({ server, isStackUnknown }: { server: Server; isStackUnknown: boolean }) {
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
