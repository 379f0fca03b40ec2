import { expect, test } from 'vitest';

import {
  formatAge,
  formatBytes,
  formatCount,
  formatExact,
  formatGib,
  formatMib,
  formatOfClass,
  formatPercent,
  formatRows,
  formatWord,
  nameOf,
  portRange,
} from '../../src/lib/format';

test('what is not known is unknown, and 0 is 0', () => {
  for (const format of [formatCount, formatBytes, formatMib, formatGib, formatPercent]) {
    expect(format(null)).toBe('unknown');
    expect(format(undefined)).toBe('unknown');
    expect(format(0)).toMatch(/^0/);
  }
});

test('sizes have binary units', () => {
  expect(formatMib(512)).toBe('512 MiB');
  expect(formatMib(3072)).toBe('3 GiB');
  expect(formatMib(1_155_072)).toBe('1,128 GiB');
  expect(formatGib(3547)).toBe('3,547 GiB');
  expect(formatGib(21_000)).toBe('21,000 GiB');
  expect(formatGib(204_800)).toBe('200 TiB');
  expect(formatBytes('430892225')).toBe('410.9 MiB');
  expect(formatPercent(37)).toBe('37 %');
});

test('what Placement counts has its unit', () => {
  expect(formatOfClass('DISK_GB', 7000)).toBe('7,000 GiB');
  expect(formatOfClass('MEMORY_MB', 385_024)).toBe('376 GiB');
  expect(formatOfClass('VCPU', 256)).toBe('256');
  expect(formatOfClass('MEMORY_MB', null)).toBe('unknown');
});

test('a list that was not read is not said to have 0 rows', () => {
  const rows = (count: number, total: number | null, hasMore = false) =>
    formatRows({ count, total, hasMore, isRead: true });
  expect(formatRows({ count: 0, total: null, hasMore: false, isRead: false })).toMatch(/unknown/);
  expect(rows(0, null)).toBe('0 rows');
  expect(rows(1, 1)).toBe('1 row');
  expect(rows(1000, 10_000, true)).toBe('1,000 of 10,000 rows');
  expect(rows(1000, null, true)).toBe('1,000 rows so far');
});

test('ages are told in the largest unit that fits', () => {
  const now = Date.parse('2025-04-01T12:00:00Z');
  expect(formatAge('2025-04-01T11:59:58Z', now)).toBe('just now');
  expect(formatAge('2025-04-01T11:59:20Z', now)).toBe('40s ago');
  expect(formatAge('2025-04-01T10:30:00Z', now)).toBe('1h ago');
  expect(formatAge('2025-03-29T12:00:00Z', now)).toBe('3d ago');
  expect(formatAge('2023-03-29T12:00:00Z', now)).toBe('2y ago');
  expect(formatAge('2025-04-03T12:00:00Z', now)).toBe('in 2d');
  expect(formatAge('nonsense', now)).toBe('unknown');
  expect(formatAge(null, now)).toBe('unknown');
  expect(formatExact('2025-04-01T12:00:00+02:00')).toBe('2025-04-01 10:00:00 UTC');
});

test('words and names', () => {
  expect(formatWord('SHELVED_OFFLOADED')).toBe('Shelved offloaded');
  expect(nameOf({ name: '', id: '6f1e7b1c-0000-4000-8000-000000000000' })).toBe('6f1e7b1c');
  expect(nameOf({ name: null, id: null })).toBe('unknown');
  expect(portRange(null, null)).toBe('any');
  expect(portRange(22, 22)).toBe('22');
  expect(portRange(80, 90)).toBe('80–90');
});
