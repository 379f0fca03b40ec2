import { expect, test, vi } from 'vitest';

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
const { secondsOf } = await import('../../src/lib/pace');

test('by itself it asks less often where changes are told', () => {
  expect(secondsOf('auto', true)).toBeGreaterThan(secondsOf('auto', false));
  expect(secondsOf('auto', false)).toBeGreaterThan(0);
});

test('what people choose counts, told or not', () => {
  for (const isTold of [true, false]) {
    expect(secondsOf(5, isTold)).toBe(5);
    expect(secondsOf(0, isTold)).toBe(0);
  }
});
