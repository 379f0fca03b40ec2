// The one socket of this tab: over it the server tells what changes. It is there while anybody
// listens, and who listens learns when it cannot be had.

import type { Client } from 'graphql-ws';
import { useSyncExternalStore } from 'react';
import { type AnyVariables, type TypedDocumentNode, stringifyDocument } from 'urql';

import { currentToken } from './session';

/** A server that says nothing for so long after a ping is not there any more, in milliseconds. */
const SILENCE = 10_000;
/** How often it is pinged. */
const PING = 25_000;
/** A socket that nobody needs stays for who comes next: one view follows another. */
const LINGER = 3000;
/** The longest pause before another attempt. */
const LONGEST_PAUSE = 30_000;
/** The close codes that refuse a token: it has ended, or is not taken. */
const REFUSED = [4401, 4403];

let isOpen = false;
const listeners = new Set<() => void>();

function setOpen(value: boolean) {
  if (isOpen === value) return;
  isOpen = value;
  for (const listener of listeners) listener();
}

/** Whether changes are told now. */
export function useIsSocketOpen(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    () => isOpen,
  );
}

function codeOf(event: unknown): number | null {
  const code = (event as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : null;
}

export function socketUrl(): string {
  return `${location.origin.replace(/^http/, 'ws')}/graphql/ws`;
}

/** Who asks. Browsers send no header with a handshake. */
export function initPayload(token: string | null): Record<string, string> {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** A client that says whether its socket is open. */
async function connect(token: string | null, onOpen: (isOpen: boolean) => void): Promise<Client> {
  const { createClient } = await import('graphql-ws');
  let silence: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: socketUrl(),
    connectionParams: initPayload(token),
    lazyCloseTimeout: LINGER,
    connectionAckWaitTimeout: SILENCE,
    keepAlive: PING,
    retryAttempts: Infinity,
    shouldRetry: (event) => !REFUSED.includes(codeOf(event) ?? 0),
    retryWait: (attempts) =>
      new Promise((done) => {
        setTimeout(done, Math.min(LONGEST_PAUSE, 1000 * 2 ** attempts) * (0.5 + Math.random()));
      }),
    on: {
      connected: () => onOpen(true),
      closed: () => {
        clearTimeout(silence);
        onOpen(false);
      },
      ping: (wasReceived) => {
        if (!wasReceived) silence = setTimeout(() => client.terminate(), SILENCE);
      },
      pong: (wasReceived) => {
        if (wasReceived) clearTimeout(silence);
      },
    },
  });
  return client;
}

interface Connection {
  token: string | null;
  client: Promise<Client>;
}

let connection: Connection | undefined;

/** The client of whoever is signed in: what another opened is closed. */
function clientNow(): Promise<Client> {
  const token = currentToken();
  if (connection?.token !== token) {
    void connection?.client.then(
      (client) => client.dispose(),
      // It was never there.
      () => undefined,
    );
    setOpen(false);
    const client = connect(token, (isOpen) => {
      // What another's socket does says nothing of this one.
      if (connection?.client === client) setOpen(isOpen);
    });
    connection = { token, client };
  }
  return connection.client;
}

export interface Listener<Data> {
  /** Something was told; `undefined` when the server cannot see it for a while. */
  onEvent: (data: Data | undefined) => void;
  /** Nothing more is told: it was refused, or the token has ended. */
  onEnd: () => void;
}

/** Listens until the function that it gives is called. */
export function subscribe<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  { onEvent, onEnd }: Listener<Data>,
): () => void {
  let isGone = false;
  let stop: (() => void) | undefined;
  const end = () => {
    if (!isGone) onEnd();
  };
  void clientNow()
    .then((client) => {
      if (isGone) return;
      stop = client.subscribe<Data>(
        { query: stringifyDocument(document), variables: variables ?? null },
        {
          next: ({ data }) => {
            if (!isGone) onEvent(data ?? undefined);
          },
          error: end,
          complete: end,
        },
      );
    })
    // What is needed for it could not be loaded.
    .catch(end);
  return () => {
    isGone = true;
    stop?.();
  };
}
