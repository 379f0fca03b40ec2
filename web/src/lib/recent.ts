// What was told of each cloud while the page was open: the graph keeps no history.

import { useSyncExternalStore } from 'react';

import type { Change } from './watch';

const MOST = 50;
const NONE: readonly Change[] = [];
const recent = new Map<string, readonly Change[]>();
const listeners = new Set<() => void>();

export function remember(cloud: string, change: Change) {
  recent.set(cloud, [change, ...(recent.get(cloud) ?? NONE)].slice(0, MOST));
  for (const listener of listeners) listener();
}

/** Forgets everything: somebody else has signed in. */
export function forgetRecent() {
  recent.clear();
  for (const listener of listeners) listener();
}

/** The changes of a cloud that were told, the newest first. */
export function useRecent(cloud: string): readonly Change[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    () => recent.get(cloud) ?? NONE,
  );
}
