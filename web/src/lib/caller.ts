// Who looks, which clouds there are for them, and whether they may change anything.

import { createContext, useContext } from 'react';

import { graphql, type ResultOf } from '../graphql/graphql';

export const CALLER = graphql(`
  query Caller($cloud: String) {
    clouds {
      name
      regionName
    }
    cloud(name: $cloud) {
      name
      regionName
      credential {
        userName
        projectId
        projectName
        scope
        roles
        isAdmin
      }
    }
    __schema {
      mutationType {
        name
      }
    }
  }
`);

export interface Caller {
  clouds: string[];
  cloudName: string | null;
  credential: NonNullable<NonNullable<ResultOf<typeof CALLER>['cloud']>['credential']> | null;
  /** Whether the schema that this caller gets has mutations. */
  canModify: boolean;
  /** False until the server has said so: what depends on it is asked then. */
  isKnown: boolean;
}

export const NOBODY: Caller = {
  clouds: [],
  cloudName: null,
  credential: null,
  canModify: false,
  isKnown: false,
};

export const CallerContext = createContext<Caller>(NOBODY);

export function useCaller(): Caller {
  return useContext(CallerContext);
}
