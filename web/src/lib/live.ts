// Data that stays current. Views know `useLive` alone: it asks again at an interval, while the tab is
// visible, and a subscription can take the place of that without any view knowing.

import { type AnyVariables, type CombinedError, type TypedDocumentNode, createRequest } from 'urql';
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';

import { client } from '../graphql/client';

/** The intervals one can choose, in seconds; 0 is never. */
export const INTERVALS = [5, 15, 60, 0] as const;
const KEY = 'ops.interval';
const DEFAULT_INTERVAL = 15;

function storedInterval(): number {
  const stored = localStorage.getItem(KEY);
  const known = INTERVALS.find((interval) => String(interval) === stored);
  return known ?? DEFAULT_INTERVAL;
}

let interval = storedInterval();
const listeners = new Set<() => void>();

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export function setPollInterval(seconds: number) {
  interval = seconds;
  localStorage.setItem(KEY, String(seconds));
  for (const listener of listeners) listener();
}

export function usePollInterval(): number {
  return useSyncExternalStore(subscribe, () => interval);
}

/** What is known of a view's data, and how old it is. */
export interface Freshness {
  /** When the data was had, as milliseconds; null when there is none yet. */
  fetchedAt: number | null;
  isFetching: boolean;
  /** Upstream calls that the last answer took, as its bill says. */
  upstreamCalls: number | null;
  refresh: () => void;
}

export interface Live<Data> extends Freshness {
  /** The newest data there is, though a later attempt may have failed. */
  data: Data | undefined;
  error: CombinedError | undefined;
}

interface Answer<Data> {
  data: Data | undefined;
  error: CombinedError | undefined;
  fetchedAt: number | null;
  upstreamCalls: number | null;
}

/** The last answer to each request, so that going back shows at once what was there. */
const kept = new Map<string, Answer<unknown>>();
const KEPT = 30;

function keep(key: string, answer: Answer<unknown>) {
  kept.delete(key);
  kept.set(key, answer);
  const oldest = kept.keys().next().value;
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
}

/** Forgets all answers: somebody else has signed in, or something was changed. */
export function forgetAnswers() {
  kept.clear();
}

export function upstreamCallsOf(extensions: Record<string, unknown> | undefined): number | null {
  const bill = extensions?.upstream as { calls?: unknown } | undefined;
  return typeof bill?.calls === 'number' ? bill.calls : null;
}

const NOTHING: Answer<never> = {
  data: undefined,
  error: undefined,
  fetchedAt: null,
  upstreamCalls: null,
};

export interface LiveOptions {
  /** Seconds between two questions, instead of the chosen ones, while something is under way. */
  hurry?: number | undefined;
  /** Not asked at all for now. */
  isPaused?: boolean;
  /** Asked once, and not again as time goes by. */
  isOnce?: boolean;
}

/** The answer to an operation, asked again as time goes by. */
export function useLive<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  { hurry, isPaused = false, isOnce = false }: LiveOptions = {},
): Live<Data> {
  const request = createRequest(document, variables);
  const key = String(request.key);
  const [state, setState] = useState<{ key: string; answer: Answer<Data>; isFetching: boolean }>({
    key,
    answer: (kept.get(key) as Answer<Data> | undefined) ?? NOTHING,
    isFetching: true,
  });
  const current = useRef({ request, key, generation: 0, isAsking: false });

  const ask = useCallback((force: boolean) => {
    const { request, key, isAsking } = current.current;
    if (isAsking && !force) return;
    const generation = ++current.current.generation;
    current.current.isAsking = true;
    setState((state) => ({
      key,
      answer:
        state.key === key ? state.answer : ((kept.get(key) as Answer<Data> | undefined) ?? NOTHING),
      isFetching: true,
    }));
    void client
      .query(request.query as TypedDocumentNode<Data, Variables>, request.variables)
      .toPromise()
      .then((result) => {
        if (generation !== current.current.generation) return;
        current.current.isAsking = false;
        setState((state) => {
          const before = state.key === key ? state.answer : NOTHING;
          // What was had stays when the server cannot be asked at all, and its age tells.
          const answer: Answer<Data> = result.data
            ? {
                data: result.data,
                error: result.error,
                fetchedAt: Date.now(),
                upstreamCalls: upstreamCallsOf(result.extensions),
              }
            : { ...before, error: result.error };
          if (result.data) keep(key, answer);
          return { key, answer, isFetching: false };
        });
      });
  }, []);

  useEffect(() => {
    const live = current.current;
    live.request = request;
    live.key = key;
    if (!isPaused) ask(true);
    return () => {
      // An answer to what is no longer asked is not waited for.
      live.generation += 1;
      live.isAsking = false;
    };
    // The key stands for the request.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, isPaused, ask]);

  const chosen = usePollInterval();
  const seconds = chosen === 0 ? 0 : hurry ? Math.min(hurry, chosen) : chosen;
  useTick(isPaused || isOnce ? 0 : seconds, () => ask(false));

  const isCurrent = state.key === key;
  const answer = isCurrent
    ? state.answer
    : ((kept.get(key) as Answer<Data> | undefined) ?? NOTHING);
  return {
    ...answer,
    isFetching: isCurrent ? state.isFetching : true,
    refresh: useCallback(() => ask(true), [ask]),
  };
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
const clockListeners = new Set<() => void>();
let clock: ReturnType<typeof setInterval> | undefined;

/** The time, which ticks every five seconds: ages need no more. */
export function useNow(): number {
  return useSyncExternalStore(
    (listener) => {
      clockListeners.add(listener);
      clock ??= setInterval(() => {
        if (document.hidden) return;
        now = Date.now();
        for (const listener of clockListeners) listener();
      }, 5000);
      return () => {
        clockListeners.delete(listener);
        if (clockListeners.size === 0) {
          clearInterval(clock);
          clock = undefined;
        }
      };
    },
    () => now,
  );
}
