// Types of operations, from the schema that the server is built from.

import { initGraphQLTada } from 'gql.tada';

import type { introspection } from '../../generated/schema';

export const graphql = initGraphQLTada<{
  introspection: introspection;
  disableMasking: true;
  scalars: {
    /** RFC 3339, in UTC. */
    DateTime: string;
    /** An id or a name. */
    Ref: string;
    BigInt: number | string;
    JSON: unknown;
  };
}>();

export type { ResultOf, VariablesOf } from 'gql.tada';
