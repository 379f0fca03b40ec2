import { expect, test } from 'vitest';

import { MOST_SERVERS, place, topologyOf } from '../../src/lib/topology';

const network = (id: string, isExternal = false) => ({
  id,
  name: id,
  status: 'ACTIVE',
  isExternal,
  isShared: false,
  subnets: null,
});

const port = (id: string, networkId: string, serverId: string) => ({
  id,
  networkId,
  serverId,
  server: null,
  fixedIps: [{ ipAddress: '10.0.0.1' }],
});

const router = {
  id: 'router',
  name: 'router',
  status: 'ACTIVE',
  externalGateway: { networkId: 'public' },
  interfaces: { nodes: [{ networkId: 'inside' }, { networkId: 'of-another-project' }] },
};

test('packets come in from the left, and what is not there has no edge', () => {
  const topology = topologyOf(
    {
      networks: [network('public', true), network('inside')],
      routers: [router],
      ports: [port('port', 'inside', 'server'), port('other', 'unseen', 'other')],
      floatingIps: [
        {
          id: 'floating',
          floatingIpAddress: '198.18.0.1',
          floatingNetworkId: 'public',
          portId: 'port',
          status: 'ACTIVE',
        },
      ],
    },
    new Set(),
  );
  expect(topology.edges.map((edge) => edge.id)).toEqual([
    'public>router',
    'router>inside',
    'inside>server',
    'server>floating',
  ]);
  const places = place(topology);
  const x = (id: string) => places.get(id)?.x ?? NaN;
  expect(x('public')).toBeLessThan(x('router'));
  expect(x('router')).toBeLessThan(x('inside'));
  expect(x('inside')).toBeLessThan(x('server'));
  // On a phone they come in from above.
  const down = place(topology, true);
  const y = (id: string) => down.get(id)?.y ?? NaN;
  expect(y('public')).toBeLessThan(y('router'));
  expect(y('inside')).toBeLessThan(y('server'));
  expect(down.get('public')?.x).toBeLessThan(x('server'));
});

test('many servers are one node until they are opened', () => {
  const count = MOST_SERVERS + 1;
  const parts = {
    networks: [network('inside')],
    routers: [],
    ports: Array.from({ length: count }, (_, index) =>
      port(`port-${index}`, 'inside', `server-${index}`),
    ),
    floatingIps: [],
  };
  const folded = topologyOf(parts, new Set());
  expect(folded.nodes).toHaveLength(2);
  expect(folded.nodes[1]?.part).toMatchObject({ kind: 'servers', count });
  expect(topologyOf(parts, new Set(['inside'])).nodes).toHaveLength(1 + count);
});
