// What is told as it changes: subscriptions, as a view asks for them.

import { type AnyVariables, type TypedDocumentNode, createRequest } from 'urql';
import { useCallback, useEffect, useRef, useState } from 'react';

import { useIsVisible } from './clock';
import { usePace } from './pace';
import { subscribe, useIsSocketOpen } from './socket';

/** Something that became otherwise. */
export interface Change {
  /** The kind of thing, as the graph names it. */
  noun: string;
  id: string;
  kind: 'CREATED' | 'UPDATED' | 'DELETED';
  /** When the server saw it. */
  seenAt: string;
  /** How it is now; null when it is gone. */
  now: unknown;
  /** How it was; null when it was not there. */
  before: unknown;
}

/** One subscription: what is asked, and the change in what is told. */
export interface Watch {
  document: TypedDocumentNode<unknown, AnyVariables>;
  variables: AnyVariables;
  /** Null when the server cannot see it for a while, `undefined` when nothing is new. */
  changeOf: (data: unknown) => Change | null | undefined;
}

/** The change in an event of the graph; null when there is none to tell. */
export function told(
  noun: string,
  event: Pick<Change, 'kind' | 'id' | 'seenAt'> | null,
  now: unknown = null,
  before: unknown = null,
): Change | null {
  if (!event) return null;
  const { kind, id, seenAt } = event;
  return { noun, kind, id, seenAt, now, before };
}

/** Keeps the types of a subscription together, and forgets them for those who only listen. */
export function watch<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  changeOf: (data: Data) => Change | null | undefined,
): Watch {
  return { document, variables, changeOf } as unknown as Watch;
}

/**
 * Listens while the tab is visible and people let it. `onChange` gets null when something became
 * otherwise that cannot be told. Says whether all of it is told now.
 */
export function useWatches(
  watches: readonly Watch[],
  onChange: (change: Change | null) => void,
): boolean {
  const isVisible = useIsVisible();
  const isAutomatic = usePace() === 'auto';
  const isOpen = useIsSocketOpen();
  const [ended, setEnded] = useState('');
  const key = watches
    .map(({ document, variables }) => createRequest(document, variables).key)
    .join();
  const isWanted = key !== '' && isVisible && isAutomatic;

  const latest = useRef({ watches, onChange });
  useEffect(() => {
    latest.current = { watches, onChange };
  });
  const tell = useCallback((change: Change | null) => latest.current.onChange(change), []);

  useEffect(() => {
    if (!isWanted) return;
    const stops = latest.current.watches.map(({ document, variables, changeOf }) =>
      subscribe(document, variables, {
        onEvent: (data) => {
          const change = data === undefined ? null : changeOf(data);
          if (change !== undefined) tell(change);
        },
        onEnd: () => {
          setEnded(key);
          // Who has signed in no longer learns it by asking.
          tell(null);
        },
      }),
    );
    return () => {
      for (const stop of stops) stop();
      setEnded('');
    };
  }, [isWanted, key, tell]);

  const isTold = isWanted && isOpen && ended !== key;
  // What became otherwise while nobody listened is asked for.
  const wasTold = useRef<boolean | null>(null);
  useEffect(() => {
    if (isTold && wasTold.current === false) tell(null);
    if (isTold || wasTold.current !== null) wasTold.current = isTold;
  }, [isTold, tell]);
  return isTold;
}
