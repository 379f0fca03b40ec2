// Data that stays current. Views know `useLive` and `usePages` alone: what changes is told over the
// socket where it can be, and asked for again at an interval where not.

import { type AnyVariables, type CombinedError, type TypedDocumentNode, createRequest } from 'urql';
import { useCallback, useEffect, useRef, useState } from 'react';

import { client } from '../graphql/client';
import { useTick } from './clock';
import { useFollow } from './follow';
import { secondsOf, usePace } from './pace';
import { type Change, type Watch, useWatches } from './watch';

/** What is known of a view's data, and how old it is. */
export interface Freshness {
  /** As of when the oldest of the data is, as milliseconds; null when there is none yet. */
  asOf: number | null;
  isFetching: boolean;
  /** Whether changes are told as they are seen. */
  isTold: boolean;
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
  asOf: number | null;
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

/** What the server says of an answer: the calls it took, and as of when it is. */
export function billOf(extensions: Record<string, unknown> | undefined): {
  upstreamCalls: number | null;
  asOf: number;
} {
  const bill = extensions?.upstream as { calls?: unknown; asOf?: unknown } | undefined;
  const asOf = typeof bill?.asOf === 'string' ? Date.parse(bill.asOf) : NaN;
  return {
    upstreamCalls: typeof bill?.calls === 'number' ? bill.calls : null,
    // What came from nowhere upstream is as old as the answer.
    asOf: Number.isNaN(asOf) ? Date.now() : asOf,
  };
}

const NOTHING: Answer<never> = {
  data: undefined,
  error: undefined,
  asOf: null,
  upstreamCalls: null,
};

export interface LiveOptions {
  /** Seconds between two questions, instead of the chosen ones, while something is under way. */
  hurry?: number | undefined;
  /** Not asked at all for now. */
  isPaused?: boolean;
  /** Asked once, and not again as time goes by. */
  isOnce?: boolean;
  /** What is listened to: each change of it is asked for. */
  watches?: readonly Watch[];
  /** Hears of each change that can be told. */
  onChange?: (change: Change) => void;
}

const NOTHING_WATCHED: readonly Watch[] = [];

/** The answer to an operation, asked again as time goes by. */
export function useLive<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  {
    hurry,
    isPaused = false,
    isOnce = false,
    watches = NOTHING_WATCHED,
    onChange,
  }: LiveOptions = {},
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
                ...billOf(result.extensions),
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

  const isCurrent = state.key === key;
  const answer = isCurrent
    ? state.answer
    : ((kept.get(key) as Answer<Data> | undefined) ?? NOTHING);

  const follow = useFollow(answer, answer.asOf, () => ask(false));
  // What is asked for first need not be told.
  const isListening = !isPaused && answer.data !== undefined;
  const isTold = useWatches(isListening ? watches : NOTHING_WATCHED, (change) => {
    if (change) onChange?.(change);
    follow(change ? Date.parse(change.seenAt) : Date.now());
  });

  const chosen = secondsOf(usePace(), isTold);
  const seconds = chosen === 0 ? 0 : hurry ? Math.min(hurry, chosen) : chosen;
  useTick(isPaused || isOnce ? 0 : seconds, () => ask(false));

  return {
    ...answer,
    isTold,
    isFetching: isCurrent ? state.isFetching : true,
    refresh: useCallback(() => ask(true), [ask]),
  };
}
