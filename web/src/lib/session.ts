// The token of this tab, and whether one is asked for. Nothing of it outlives the tab.

import { useSyncExternalStore } from 'react';

const KEY = 'ops.token';

interface Session {
  token: string | null;
  /** Why a token is asked for; null when none is. */
  refusal: string | null;
}

let session: Session = { token: sessionStorage.getItem(KEY), refusal: null };
const listeners = new Set<() => void>();

function change(next: Session) {
  session = next;
  for (const listener of listeners) listener();
}

export function currentToken(): string | null {
  return session.token;
}

export function signIn(token: string) {
  sessionStorage.setItem(KEY, token);
  change({ token, refusal: null });
}

/** Called for a 401: the token that was used, if any, is worth nothing. */
export function askForToken() {
  sessionStorage.removeItem(KEY);
  change({
    token: null,
    refusal: session.token ? 'The token was not accepted, or it has expired.' : '',
  });
}

export function signOut() {
  sessionStorage.removeItem(KEY);
  change({ token: null, refusal: '' });
}

export function useSession(): Session {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => session,
  );
}

/** `fetch` with this tab's token; a 401 asks for another one. */
export async function authorizedFetch(
  input: RequestInfo | URL,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = currentToken();
  if (token) headers.set('authorization', `Bearer ${token}`);
  const response = await fetch(input, { ...init, headers, credentials: 'omit' });
  // An answer to a token that was replaced meanwhile says nothing of the new one.
  if (response.status === 401 && token === currentToken()) askForToken();
  return response;
}
