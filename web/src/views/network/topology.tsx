import { type ReactNode, Suspense, lazy, useCallback, useMemo } from 'react';

import { graphql } from '../../graphql/graphql';
import { useCaller } from '../../lib/caller';
import { useLive } from '../../lib/live';
import { topologyOf } from '../../lib/topology';
import { useCloudName, useListParameter, useParameter } from '../../lib/url-state';
import { thingChoices } from '../../ui/filters';
import { Empty, Loading, Missing } from '../../ui/trouble';
import { View } from '../../ui/view';

const TopologyMap = lazy(() =>
  import('../../ui/topology-map').then((m) => ({ default: m.TopologyMap })),
);

const NETWORK_PART = graphql(`
  fragment NetworkPart on Network {
    id
    name
    status
    isExternal
    isShared
    subnets(first: 20) {
      nodes {
        id
        name
        cidr
      }
    }
  }
`);

const TOPOLOGY = graphql(
  `
    query Topology($cloud: String, $project: Ref) {
      cloud(name: $cloud) {
        networks(first: 300, filter: { project: $project }) {
          pageInfo {
            hasNextPage
          }
          nodes {
            ...NetworkPart
          }
        }
        external: networks(first: 50, filter: { isExternal: true }) {
          nodes {
            ...NetworkPart
          }
        }
        shared: networks(first: 50, filter: { isShared: true }) {
          nodes {
            ...NetworkPart
          }
        }
        routers(first: 200, filter: { project: $project }) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            status
            externalGateway {
              networkId
            }
            interfaces(first: 50) {
              nodes {
                id
                networkId
              }
            }
          }
        }
        ports(first: 1000, filter: { project: $project, hasServer: true }) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            networkId
            serverId
            server {
              id
              name
              status
            }
            fixedIps {
              ipAddress
            }
          }
        }
        floatingIps(first: 500, filter: { project: $project, isAssociated: true }) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            floatingIpAddress
            floatingNetworkId
            portId
            status
          }
        }
        projects(first: 1000, orderBy: { field: NAME }) {
          nodes {
            id
            name
          }
        }
      }
    }
  `,
  [NETWORK_PART],
);

/** The value of the project filter that stands for all of them. */
const ALL = 'all';

export function Topology({ tabs }: { tabs: ReactNode }) {
  const cloud = useCloudName();
  const { credential, isKnown } = useCaller();
  const [chosen, setProject] = useParameter('project');
  const [opened, setOpened] = useListParameter('open');
  // A cloud whole is more than can be drawn: one begins with the project one is in.
  const project = chosen === ALL ? null : chosen || (credential?.projectId ?? null);
  const variables = { cloud, project };
  const live = useLive(TOPOLOGY, variables, { isPaused: !isKnown });
  const data = live.data?.cloud;

  const topology = useMemo(() => {
    if (!data) return null;
    const networks = new Map(
      [
        ...(data.external?.nodes ?? []),
        ...(data.shared?.nodes ?? []),
        ...(data.networks?.nodes ?? []),
      ].map((network) => [network.id, network]),
    );
    return topologyOf(
      {
        networks: [...networks.values()],
        routers: data.routers?.nodes ?? [],
        ports: data.ports?.nodes ?? [],
        floatingIps: data.floatingIps?.nodes ?? [],
      },
      new Set(opened),
    );
  }, [data, opened]);
  const open = useCallback(
    (networkId: string) => setOpened([...opened, networkId]),
    [opened, setOpened],
  );

  const cut = data
    ? [
        data.networks?.pageInfo.hasNextPage ? 'networks' : null,
        data.routers?.pageInfo.hasNextPage ? 'routers' : null,
        data.ports?.pageInfo.hasNextPage ? 'ports of servers' : null,
        data.floatingIps?.pageInfo.hasNextPage ? 'floating IPs' : null,
      ].filter((each) => each !== null)
    : [];
  return (
    <View
      title="Network topology"
      className="is-table"
      freshness={live}
      error={live.error}
      shown={{ document: TOPOLOGY, variables }}
    >
      {tabs}
      <div className="filters" role="group" aria-label="Filters">
        <label>
          Project
          <select
            value={chosen || (credential?.projectId ?? '')}
            onChange={(event) => setProject(event.target.value)}
            className="wide-select"
          >
            <option value={ALL}>all projects</option>
            {thingChoices(data?.projects?.nodes).map((choice) => (
              <option key={choice.value} value={choice.value}>
                {choice.label}
              </option>
            ))}
            {data?.projects?.nodes.some(
              (each) => each.id === (chosen || (credential?.projectId ?? '')),
            ) ? null : (
              <option value={chosen || (credential?.projectId ?? '')}>
                {credential?.projectName ?? 'own project'}
              </option>
            )}
          </select>
        </label>
        {opened.length > 0 ? (
          <button type="button" className="button" onClick={() => setOpened([])}>
            Fold servers
          </button>
        ) : null}
        {cut.length > 0 ? (
          <span className="muted">There are more {cut.join(', ')} than are drawn.</span>
        ) : null}
      </div>
      {topology ? (
        topology.nodes.length > 0 ? (
          <div className="map card" role="region" aria-label="Network topology">
            <Suspense fallback={<Loading />}>
              <TopologyMap topology={topology} open={open} />
            </Suspense>
          </div>
        ) : data?.networks ? (
          <Empty>This project has no network.</Empty>
        ) : (
          <Missing what="The network" />
        )
      ) : live.isFetching ? (
        <div className="card">
          <Loading lines={10} />
        </div>
      ) : (
        <Missing what="The network" />
      )}
    </View>
  );
}
