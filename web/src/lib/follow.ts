// Asking again for what is known to have changed.

import { useCallback, useEffect, useRef } from 'react';

/** Events of one look at the cloud come together: one question is enough, in milliseconds. */
const TOGETHER = 400;
/** The server may keep an answer for a few seconds: then it is asked once more. */
const AGAIN = 2500;
const ATTEMPTS = 5;

/**
 * Asks again until an answer is as new as what was seen. `answer` is the last one, as an object of
 * its own, and `asOf` says how old it is, in milliseconds.
 */
export function useFollow(
  answer: unknown,
  asOf: number | null,
  ask: () => void,
  pause = TOGETHER,
): (seenAt: number) => void {
  const state = useRef<{
    seenAt: number;
    attempts: number;
    timer: ReturnType<typeof setTimeout> | undefined;
  }>({ seenAt: 0, attempts: 0, timer: undefined });
  const latest = useRef({ ask, asOf });
  useEffect(() => {
    latest.current = { ask, asOf };
  });

  const schedule = useCallback((milliseconds: number) => {
    const self = state.current;
    self.timer ??= setTimeout(() => {
      self.timer = undefined;
      const { ask, asOf } = latest.current;
      // Somebody else may have asked meanwhile.
      if (asOf !== null && asOf >= self.seenAt) return;
      self.attempts += 1;
      ask();
    }, milliseconds);
  }, []);

  useEffect(() => {
    const self = state.current;
    if (asOf === null || self.attempts === 0) return;
    if (asOf >= self.seenAt || self.attempts >= ATTEMPTS) self.attempts = 0;
    else schedule(AGAIN);
  }, [answer, asOf, schedule]);

  useEffect(() => {
    const self = state.current;
    return () => {
      clearTimeout(self.timer);
      self.timer = undefined;
    };
  }, []);

  return useCallback(
    (seenAt: number) => {
      const self = state.current;
      self.seenAt = Math.max(self.seenAt, seenAt);
      self.attempts = 0;
      schedule(pause);
    },
    [schedule, pause],
  );
}
