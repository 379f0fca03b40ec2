import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { useEffect, useMemo, useRef } from 'react';

import '@fontsource-variable/inter/wght.css';
import './graphiql.css';
import { authorizedFetch, useSession } from '../lib/session';
import { initPayload, socketUrl } from '../lib/socket';
import { useTheme } from '../lib/theme';
import { Login } from '../shell/login';
import { markTabs } from './tabs';

const WELCOME = `# The graph of the cloud: Ctrl+Space completes,
# and the book on the left describes every type.
{
  health {
    score
    status
  }
  servers(first: 5) {
    totalCount
    nodes {
      name
      status
      host
      image {
        name
      }
    }
  }
}`;

/** What the dashboard hands over, as `#query=…`. */
function handedOver(): string | undefined {
  return new URLSearchParams(location.hash.slice(1)).get('query') ?? undefined;
}

export function GraphiqlApp() {
  const { token, refusal } = useSession();
  const theme = useTheme();
  const fetcher = useMemo(
    () =>
      createGraphiQLFetcher({
        url: '/graphql',
        fetch: authorizedFetch,
        // What a subscription tells comes over the socket, which is opened for it.
        wsClient: createClient({ url: socketUrl(), connectionParams: initPayload(token) }),
      }),
    [token],
  );
  const query = useMemo(() => handedOver(), []);
  const frame = useRef<HTMLElement>(null);
  const isIn = refusal === null;
  useEffect(() => (frame.current && isIn ? markTabs(frame.current) : undefined), [isIn]);
  if (!isIn) return <Login refusal={refusal} />;
  return (
    <main className="frame" ref={frame}>
      <h1 className="visually-hidden">GraphiQL</h1>
      <GraphiQL
        key={token ?? ''}
        fetcher={fetcher}
        defaultQuery={WELCOME}
        {...(query === undefined ? {} : { initialQuery: query })}
        {...(theme === 'system' ? {} : { forcedTheme: theme })}
        // The token is the page's business, and must not be kept beyond the tab.
        showPersistHeadersSettings={false}
      >
        <GraphiQL.Logo>
          <a href="/" className="back">
            ← Dashboard
          </a>
        </GraphiQL.Logo>
      </GraphiQL>
    </main>
  );
}
