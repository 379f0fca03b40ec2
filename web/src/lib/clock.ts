// Time as it goes by for those who look: nothing ticks in a tab that nobody sees.

import { useEffect, useRef, useSyncExternalStore } from 'react';

function subscribeToVisibility(listener: () => void) {
  document.addEventListener('visibilitychange', listener);
  return () => document.removeEventListener('visibilitychange', listener);
}

/** Whether the tab is looked at. */
export function useIsVisible(): boolean {
  return useSyncExternalStore(subscribeToVisibility, () => !document.hidden);
}

/** Runs something every so many seconds while the tab is visible, and when it becomes so too late. */
export function useTick(seconds: number, run: () => void) {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    if (seconds === 0) return;
    let last = Date.now();
    const tick = () => {
      if (document.hidden || Date.now() - last < seconds * 1000 - 250) return;
      last = Date.now();
      latest.current();
    };
    const timer = setInterval(tick, Math.min(seconds, 5) * 1000);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }, [seconds]);
}

let now = Date.now();
const listeners = new Set<() => void>();
let clock: ReturnType<typeof setInterval> | undefined;

/** The time, which ticks every five seconds: ages need no more. */
export function useNow(): number {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      clock ??= setInterval(() => {
        if (document.hidden) return;
        now = Date.now();
        for (const each of listeners) each();
      }, 5000);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          clearInterval(clock);
          clock = undefined;
        }
      };
    },
    () => now,
  );
}
