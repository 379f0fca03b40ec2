// From what the graph says of a network to nodes and edges that can be drawn.

import { Graph, layout } from '@dagrejs/dagre';

export interface NetworkPart {
  id: string;
  name: string | null;
  status: string;
  isExternal: boolean | null;
  isShared: boolean | null;
  subnets: { nodes: { id: string; name: string | null; cidr: string | null }[] } | null;
}

export interface RouterPart {
  id: string;
  name: string | null;
  status: string;
  externalGateway: { networkId: string | null } | null;
  interfaces: { nodes: { networkId: string | null }[] } | null;
}

export interface PortPart {
  id: string;
  networkId: string | null;
  serverId: string | null;
  server: { id: string; name: string | null; status: string } | null;
  fixedIps: { ipAddress: string | null }[];
}

export interface FloatingIpPart {
  id: string;
  floatingIpAddress: string | null;
  floatingNetworkId: string | null;
  portId: string | null;
  status: string;
}

export type Part =
  | { kind: 'network'; network: NetworkPart; serverCount: number }
  | { kind: 'router'; router: RouterPart }
  | { kind: 'server'; id: string; server: PortPart['server']; addresses: string[] }
  | { kind: 'servers'; networkId: string; count: number; bad: number }
  | { kind: 'floatingIp'; floatingIp: FloatingIpPart };

export interface TopologyNode {
  id: string;
  part: Part;
  width: number;
  height: number;
}

export interface TopologyEdge {
  id: string;
  source: string;
  target: string;
  isFloating: boolean;
}

export interface Topology {
  nodes: TopologyNode[];
  edges: TopologyEdge[];
}

/** So many servers of one network are drawn one by one; more are one node until it is opened. */
export const MOST_SERVERS = 6;

export function topologyOf(
  parts: {
    networks: NetworkPart[];
    routers: RouterPart[];
    ports: PortPart[];
    floatingIps: FloatingIpPart[];
  },
  opened: ReadonlySet<string>,
): Topology {
  const nodes = new Map<string, TopologyNode>();
  const edges = new Map<string, TopologyEdge>();
  const connect = (source: string, target: string, isFloating = false) => {
    if (!nodes.has(source) || !nodes.has(target)) return;
    const id = `${source}>${target}`;
    edges.set(id, { id, source, target, isFloating });
  };

  const portsOf = new Map<string, PortPart[]>();
  for (const port of parts.ports) {
    if (!port.networkId || !port.serverId) continue;
    portsOf.set(port.networkId, [...(portsOf.get(port.networkId) ?? []), port]);
  }

  for (const network of parts.networks) {
    const servers = new Set((portsOf.get(network.id) ?? []).map((port) => port.serverId));
    nodes.set(network.id, {
      id: network.id,
      part: { kind: 'network', network, serverCount: servers.size },
      width: 208,
      height: 58 + 18 * Math.min(3, network.subnets?.nodes.length ?? 0),
    });
  }

  // A server on several networks is drawn once, when any of them shows its servers.
  const drawn = new Map<string, { server: PortPart['server']; addresses: string[] }>();
  const isOpen = (networkId: string, servers: number) =>
    servers <= MOST_SERVERS || opened.has(networkId);
  for (const [networkId, ports] of portsOf) {
    if (!nodes.has(networkId)) continue;
    const ids = new Set(ports.map((port) => port.serverId));
    if (!isOpen(networkId, ids.size)) continue;
    for (const port of ports) {
      if (!port.serverId) continue;
      const known = drawn.get(port.serverId) ?? { server: port.server, addresses: [] };
      for (const { ipAddress } of port.fixedIps) if (ipAddress) known.addresses.push(ipAddress);
      drawn.set(port.serverId, known);
    }
  }
  for (const [id, { server, addresses }] of drawn) {
    nodes.set(id, { id, part: { kind: 'server', id, server, addresses }, width: 190, height: 46 });
  }

  for (const router of parts.routers) {
    nodes.set(router.id, {
      id: router.id,
      part: { kind: 'router', router },
      width: 176,
      height: 46,
    });
    if (router.externalGateway?.networkId) connect(router.externalGateway.networkId, router.id);
    for (const { networkId } of router.interfaces?.nodes ?? []) {
      if (networkId) connect(router.id, networkId);
    }
  }

  for (const [networkId, ports] of portsOf) {
    if (!nodes.has(networkId)) continue;
    const ids = new Set(ports.map((port) => port.serverId));
    if (isOpen(networkId, ids.size)) {
      for (const port of ports) if (port.serverId) connect(networkId, port.serverId);
      continue;
    }
    const bad = new Set(
      ports.filter((port) => port.server?.status === 'ERROR').map((port) => port.serverId),
    );
    const id = `servers:${networkId}`;
    nodes.set(id, {
      id,
      part: { kind: 'servers', networkId, count: ids.size, bad: bad.size },
      width: 176,
      height: 46,
    });
    connect(networkId, id);
  }

  const serverOfPort = new Map(parts.ports.map((port) => [port.id, port]));
  for (const floatingIp of parts.floatingIps) {
    const port = floatingIp.portId ? serverOfPort.get(floatingIp.portId) : undefined;
    // What leads to a server that is not drawn would hang in the air.
    if (!port?.serverId || !nodes.has(port.serverId)) continue;
    nodes.set(floatingIp.id, {
      id: floatingIp.id,
      part: { kind: 'floatingIp', floatingIp },
      width: 142,
      height: 32,
    });
    connect(port.serverId, floatingIp.id, true);
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/** Where each node goes as packets come in: from left to right, or down where it is narrow. */
export function place(topology: Topology, isNarrow = false): Map<string, { x: number; y: number }> {
  const graph = new Graph();
  const margins = { marginx: 16, marginy: 16 };
  graph.setGraph(
    isNarrow
      ? { rankdir: 'TB', nodesep: 14, ranksep: 48, ...margins }
      : { rankdir: 'LR', nodesep: 14, ranksep: 84, ...margins },
  );
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of topology.nodes) graph.setNode(id, { width, height });
  for (const { source, target } of topology.edges) graph.setEdge(source, target);
  layout(graph);
  return new Map(
    topology.nodes.map(({ id, width, height }) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return [id, { x: x - width / 2, y: y - height / 2 }];
    }),
  );
}
