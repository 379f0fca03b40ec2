// The one way to the server.

import { Client, fetchExchange } from 'urql';

import { authorizedFetch } from '../lib/session';

export const client = new Client({
  url: '/graphql',
  exchanges: [fetchExchange],
  fetch: authorizedFetch,
  preferGetMethod: false,
  // What is kept is kept by `live`, together with its age.
  requestPolicy: 'network-only',
});
