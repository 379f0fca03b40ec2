import { CombinedError } from 'urql';
import { expect, test } from 'vitest';

import { failedServices, isMissing, serviceName, troublesOf } from '../../src/lib/errors';

const folded = new CombinedError({
  graphQLErrors: [
    {
      message: 'network (Neutron) answered 503 to GET /ports',
      path: ['cloud', 'servers', 'nodes', 0, 'ports'],
      extensions: {
        code: 'SERVICE_UNAVAILABLE',
        service: 'network',
        requestId: 'req-1',
        count: 2,
        paths: [['cloud', 'servers', 'nodes', 0, 'ports'], ['cloud', 'networks'], []],
      },
    },
  ],
});

test('a folded error names its service and every field that is missing', () => {
  const [trouble] = troublesOf(folded);
  expect(trouble).toMatchObject({
    service: 'network',
    code: 'SERVICE_UNAVAILABLE',
    requestId: 'req-1',
    count: 2,
    fields: ['servers.ports', 'networks'],
  });
  expect(failedServices(troublesOf(folded))).toEqual(['network']);
  expect(serviceName('network')).toBe('network (Neutron)');
  expect(isMissing(folded, 'networks')).toBe(true);
  expect(isMissing(folded, 'routers')).toBe(false);
});

test('a server that cannot be reached is a trouble of no service', () => {
  const [trouble] = troublesOf(new CombinedError({ networkError: new Error('failed') }));
  expect(trouble).toMatchObject({ service: null, code: 'UNREACHABLE' });
  expect(troublesOf(undefined)).toEqual([]);
});
