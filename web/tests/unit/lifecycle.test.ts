import { expect, test } from 'vitest';

import { ACTIONS, actionsFor } from '../../src/lib/lifecycle';
import { toneOf, toneOfPercent } from '../../src/lib/status';
import { pathOf } from '../../src/lib/kinds';

const ids = (status: string, taskState: string | null = null, isLocked = false) =>
  actionsFor({ status, taskState, isLocked }).map((action) => action.id);

test('what makes sense depends on the state', () => {
  expect(ids('ACTIVE')).toEqual(
    expect.arrayContaining(['stop', 'reboot', 'pause', 'suspend', 'shelve', 'lock', 'delete']),
  );
  expect(ids('ACTIVE')).not.toContain('start');
  expect(ids('SHUTOFF')).toContain('start');
  expect(ids('VERIFY_RESIZE')).toEqual(['confirm-resize', 'revert-resize', 'lock', 'delete']);
  // While something is under way Nova takes little else.
  expect(ids('ACTIVE', 'rebooting')).toEqual(['lock', 'delete']);
  expect(ids('ACTIVE', null, true)).toContain('unlock');
  expect(ids('ACTIVE', null, true)).not.toContain('lock');
});

test('only what cannot be undone is destructive', () => {
  expect(ACTIONS.filter((action) => action.isDestructive).map((action) => action.id)).toEqual([
    'rebuild',
    'delete',
  ]);
});

test('a status that is new to the page is unknown, not well', () => {
  expect(toneOf('ACTIVE')).toBe('ok');
  expect(toneOf('ERROR_DELETING')).toBe('bad');
  expect(toneOf('BRAND_NEW')).toBe('unknown');
  expect(toneOf(null)).toBe('unknown');
  expect(toneOfPercent(null)).toBe('unknown');
  expect(toneOfPercent(96)).toBe('bad');
});

test('what has no view has no path', () => {
  expect(pathOf('FloatingIp', 'a/b')).toBe('/floating-ips/a%2Fb');
  expect(pathOf('ComputeService', '1')).toBeNull();
  expect(pathOf('Server', null)).toBeNull();
});
