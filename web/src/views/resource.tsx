import { useLive } from '../lib/live';
import { useCloudName } from '../lib/url-state';
import { Go } from '../ui/link';
import { Status } from '../ui/status';
import { Loading, Missing } from '../ui/trouble';
import { Card, Facts, View } from '../ui/view';
import { flavor, project, user } from './resources/identity';
import type { Kind } from './resources/kind';
import { floatingIp, network, port, router, securityGroup, subnet } from './resources/network';
import { image, volume, volumeSnapshot } from './resources/storage';

/** By the first segment of the path. */
const KINDS: Partial<Record<string, Kind>> = {
  volumes: volume,
  snapshots: volumeSnapshot,
  images: image,
  networks: network,
  subnets: subnet,
  ports: port,
  routers: router,
  'floating-ips': floatingIp,
  'security-groups': securityGroup,
  projects: project,
  users: user,
  flavors: flavor,
};

/** A thing of any kind that has no view of its own: what it is, and what is around it. */
export function Resource({ segment, id }: { segment: string; id: string }) {
  const kind = KINDS[segment];
  if (!kind) {
    return (
      <div className="view">
        <h1>There is nothing here</h1>
        <p>The address names no view of this page.</p>
      </div>
    );
  }
  return <Known kind={kind} id={id} />;
}

function Known({ kind, id }: { kind: Kind; id: string }) {
  const cloud = useCloudName();
  const variables = { cloud, id };
  const live = useLive(kind.document, variables);
  const node = live.data ? kind.pick(live.data) : undefined;
  const status = node ? kind.status?.(node) : undefined;
  return (
    <View
      title={(node ? kind.name(node) : null) ?? id}
      subtitle={<code>{id}</code>}
      crumbs={<Go to={kind.list.path}>{kind.list.title}</Go>}
      freshness={live}
      error={live.error}
      shown={{ document: kind.document, variables }}
    >
      {node ? (
        <div className="grid">
          <div className="stack span-4">
            <Card title="About" aside={status == null ? undefined : <Status status={status} />}>
              <Facts facts={kind.facts(node)} />
            </Card>
          </div>
          <div className="stack span-8">{kind.related(node)}</div>
        </div>
      ) : live.isFetching ? (
        <Card title="About">
          <Loading lines={10} />
        </Card>
      ) : live.error ? (
        <Missing what="It" />
      ) : (
        <p className="empty">There is no such thing with this id in this cloud.</p>
      )}
    </View>
  );
}
