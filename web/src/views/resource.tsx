import { useLive } from '../lib/live';
import { useCloudName } from '../lib/url-state';
import { DetailView } from '../ui/detail';
import { Status } from '../ui/status';
import { Card, Facts } from '../ui/view';
import { flavor } from './resources/flavor';
import { floatingIp } from './resources/floating-ip';
import { image } from './resources/image';
import type { Kind } from './resources/kind';
import { network } from './resources/network';
import { port } from './resources/port';
import { project } from './resources/project';
import { router } from './resources/router';
import { securityGroup } from './resources/security-group';
import { volumeSnapshot } from './resources/snapshot';
import { subnet } from './resources/subnet';
import { user } from './resources/user';
import { volume } from './resources/volume';

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
    <DetailView
      what={kind.what}
      id={id}
      title={node ? (kind.name(node) ?? id) : null}
      list={kind.list}
      live={live}
      node={node}
      shown={{ document: kind.document, variables }}
    >
      {(node) => (
        <div className="grid">
          <div className="stack span-4">
            <Card title="About" aside={status == null ? undefined : <Status status={status} />}>
              <Facts facts={kind.facts(node)} />
            </Card>
          </div>
          <div className="stack span-8">{kind.related(node)}</div>
        </div>
      )}
    </DetailView>
  );
}
