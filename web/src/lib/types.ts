// Types that are drawn from what documents give.

import type { ResultOf } from '../graphql/graphql';

type CloudOf<Document> =
  ResultOf<Document> extends { cloud: infer Cloud } ? NonNullable<Cloud> : never;

/** A row of a list that a document asks a cloud for. */
export type RowOf<Document, Field extends keyof CloudOf<Document>> =
  NonNullable<CloudOf<Document>[Field]> extends { nodes: (infer Row)[] } ? Row : never;

/** A thing that a document asks a cloud for. */
export type ThingOf<Document, Field extends keyof CloudOf<Document>> = NonNullable<
  CloudOf<Document>[Field]
>;
