// How often the page asks again: as people choose, or by itself.

import { useSyncExternalStore } from 'react';

/** By itself, every so many seconds, or never. */
export type Pace = 'auto' | 5 | 15 | 60 | 0;

export const PACES: readonly Pace[] = ['auto', 5, 15, 60, 0];

/** By itself, where nobody tells of changes: in seconds. */
const ALONE = 15;
/** By itself, where changes are told: for what is around them, in seconds. */
const TOLD = 60;

const KEY = 'ops.pace';

function stored(): Pace {
  const text = localStorage.getItem(KEY);
  return PACES.find((pace) => String(pace) === text) ?? 'auto';
}

let current = stored();
const listeners = new Set<() => void>();

export function setPace(pace: Pace) {
  current = pace;
  localStorage.setItem(KEY, String(pace));
  for (const listener of listeners) listener();
}

export function usePace(): Pace {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    () => current,
  );
}

/** Seconds between two questions; 0 is never. */
export function secondsOf(pace: Pace, isTold: boolean): number {
  if (pace !== 'auto') return pace;
  return isTold ? TOLD : ALONE;
}
