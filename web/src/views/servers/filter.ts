import { useMemo } from 'react';

import type { VariablesOf } from '../../graphql/graphql';
import { useParameter } from '../../lib/url-state';
import type { SERVERS } from './query';

export type ServerFilter = NonNullable<VariablesOf<typeof SERVERS>['filter']>;
type Status = NonNullable<ServerFilter['status']>;

export const STATUSES = [
  'ACTIVE',
  'BUILD',
  'ERROR',
  'HARD_REBOOT',
  'MIGRATING',
  'PASSWORD',
  'PAUSED',
  'REBOOT',
  'REBUILD',
  'RESCUE',
  'RESIZE',
  'REVERT_RESIZE',
  'SHELVED',
  'SHELVED_OFFLOADED',
  'SHUTOFF',
  'SOFT_DELETED',
  'SUSPENDED',
  'VERIFY_RESIZE',
  'UNKNOWN',
] as const satisfies readonly Status[];

export const SEARCH_FIELDS = [
  'NAME',
  'HOST',
  'FLAVOR',
  'IMAGE',
  'AVAILABILITY_ZONE',
  'ALL',
] as const;

/** The filter that the URL asks for, but for the text that is looked for. */
export function useServerFilter(): ServerFilter {
  const [status] = useParameter('status');
  const [host] = useParameter('host');
  const [flavor] = useParameter('flavor');
  const [image] = useParameter('image');
  const [zone] = useParameter('zone');
  const [project] = useParameter('project');
  return useMemo(() => {
    const statuses = status
      .split(',')
      .filter((each): each is Status => (STATUSES as readonly string[]).includes(each));
    return {
      ...(statuses.length > 0 ? { statuses } : {}),
      ...(host ? { host } : {}),
      ...(flavor ? { flavor } : {}),
      ...(image ? { imageId: image } : {}),
      ...(zone ? { availabilityZone: zone } : {}),
      ...(project ? { project } : {}),
    };
  }, [status, host, flavor, image, zone, project]);
}

/** What the text that is looked for means: some property contains it. */
export function useServerSearch(): {
  label: string;
  filter: (term: string) => Pick<ServerFilter, 'search'>;
} {
  const [field] = useParameter('in');
  const searchIn = SEARCH_FIELDS.find((each) => each === field) ?? 'NAME';
  return useMemo(
    () => ({
      label: 'Search',
      filter: (term: string) => ({ search: { term, in: searchIn, caseSensitive: false } }),
    }),
    [searchIn],
  );
}
