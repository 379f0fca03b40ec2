import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { useMemo } from 'react';

import '@fontsource-variable/inter/wght.css';
import './graphiql.css';
import { authorizedFetch, useSession } from '../lib/session';
import { useTheme } from '../lib/theme';
import { Login } from '../shell/login';

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
    () => createGraphiQLFetcher({ url: '/graphql', fetch: authorizedFetch }),
    [],
  );
  const query = useMemo(() => handedOver(), []);
  if (refusal !== null) return <Login refusal={refusal} />;
  return (
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
  );
}
