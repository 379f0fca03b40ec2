import { expect, test } from 'vitest';

import { NO_PATCHES, patched, withPatch } from '../../src/lib/patches';
import type { Change } from '../../src/lib/watch';

const ROWS = [
  { id: 'a', status: 'ACTIVE' },
  { id: 'b', status: 'ACTIVE' },
];
const READ_AT = Date.parse('2026-01-01T10:00:00Z');

function change(id: string, seenAt: string, now: unknown): Change {
  return { noun: 'Server', id, kind: now ? 'UPDATED' : 'DELETED', seenAt, now, before: null };
}

test('a row that changed since the page was read is as it is now', () => {
  const patches = withPatch(
    NO_PATCHES,
    change('b', '2026-01-01T10:00:01.123456789Z', { id: 'b', status: 'ERROR' }),
  );
  expect(patched(ROWS, READ_AT, patches).map((row) => row.status)).toEqual(['ACTIVE', 'ERROR']);
});

test('a row that went is gone, and what is new to the page waits', () => {
  let patches = withPatch(NO_PATCHES, change('a', '2026-01-01T10:00:01Z', null));
  patches = withPatch(patches, change('c', '2026-01-01T10:00:01Z', { id: 'c', status: 'BUILD' }));
  expect(patched(ROWS, READ_AT, patches).map((row) => row.id)).toEqual(['b']);
});

test('a page that was read after the change is not touched', () => {
  const patches = withPatch(
    NO_PATCHES,
    change('b', '2026-01-01T09:59:59Z', { id: 'b', status: 'ERROR' }),
  );
  // The very same rows, so that nothing is drawn again.
  expect(patched(ROWS, READ_AT, patches)).toBe(ROWS);
});

test('the last change of a row counts', () => {
  let patches = withPatch(
    NO_PATCHES,
    change('b', '2026-01-01T10:00:01Z', { id: 'b', status: 'REBOOT' }),
  );
  patches = withPatch(patches, change('b', '2026-01-01T10:00:06Z', { id: 'b', status: 'SHUTOFF' }));
  expect(patched(ROWS, READ_AT, patches).map((row) => row.status)).toEqual(['ACTIVE', 'SHUTOFF']);
});
