import { useEffect, useState } from 'react';

import { signIn } from '../lib/session';
import { Icon } from '../ui/icon';

export function Login({ refusal }: { refusal: string }) {
  const [token, setToken] = useState('');
  useEffect(() => {
    document.title = 'Sign in · OpenStack Ops';
  }, []);
  return (
    <main className="login">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          const trimmed = token.trim().replace(/^Bearer\s+/i, '');
          if (trimmed) signIn(trimmed);
        }}
      >
        <h1>
          <Icon name="key" /> Sign in
        </h1>
        <p>This server answers those who show a bearer token.</p>
        <label htmlFor="token">Token</label>
        <input
          id="token"
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={token}
          aria-describedby="token-help"
          aria-invalid={refusal !== ''}
          onChange={(event) => setToken(event.target.value)}
          autoFocus
        />
        <p id="token-help" className="muted">
          The server’s secret, or a signed token (JWT). It is kept for this tab alone and is gone
          when the tab is closed.
        </p>
        {refusal ? (
          <p role="alert" className="tone-bad">
            {refusal}
          </p>
        ) : null}
        <button type="submit" className="button is-primary" disabled={token.trim() === ''}>
          Sign in
        </button>
      </form>
    </main>
  );
}
