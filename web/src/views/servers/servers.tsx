import type { ReactNode } from 'react';

import type { ResultOf } from '../../graphql/graphql';
import { useCaller } from '../../lib/caller';
import { told, watch } from '../../lib/watch';
import { Choose, thingChoices, wordChoices } from '../../ui/filters';
import { type Asked, ListView } from '../../ui/list';
import { COLUMNS } from './columns';
import { SEARCH_FIELDS, STATUSES, useServerFilter, useServerSearch } from './filter';
import { CHANGES, SERVERS } from './query';

/** Rows of a page: as many as the graph gives. */
const PAGE = 1000;

const ORDERS = {
  name: 'NAME',
  status: 'STATUS',
  host: 'HOST',
  vcpus: 'VCPUS',
  memory: 'RAM',
  created: 'CREATED_AT',
  updated: 'UPDATED_AT',
};

/** Names as choices. */
function nameChoices(names: readonly (string | null)[] | undefined) {
  return (names ?? [])
    .filter((name): name is string => Boolean(name))
    .map((name) => ({ value: name, label: name }));
}

function Choices({ options }: { options: ResultOf<typeof SERVERS>['cloud'] | undefined }) {
  const hosts = nameChoices(options?.hypervisors?.nodes.map((each) => each.host));
  return (
    <>
      <Choose
        parameter="in"
        label="In"
        any="in names"
        choices={wordChoices(SEARCH_FIELDS.filter((each) => each !== 'NAME'))}
      />
      <Choose parameter="status" label="Status" choices={wordChoices(STATUSES)} />
      {hosts.length > 0 ? <Choose parameter="host" label="Host" choices={hosts} /> : null}
      <Choose
        parameter="flavor"
        label="Flavor"
        choices={nameChoices(options?.flavors?.nodes.map((each) => each.name))}
      />
      <Choose parameter="image" label="Image" choices={thingChoices(options?.images?.nodes)} />
      <Choose
        parameter="zone"
        label="Zone"
        choices={nameChoices(options?.availabilityZones?.nodes.map((each) => each.name))}
      />
      <Choose
        parameter="project"
        label="Project"
        choices={thingChoices(options?.projects?.nodes)}
      />
    </>
  );
}

const watches = ({ cloud, filter, ...columns }: Asked) => [
  watch(
    CHANGES,
    { cloud, filter, ...(columns as Record<'withImage' | 'withProject' | 'withUser', boolean>) },
    ({ serverChanged }) => told('Server', serverChanged, serverChanged?.server),
  ),
];

export function ServerList({ tabs }: { tabs: ReactNode }) {
  const { credential, isKnown } = useCaller();
  const filter = useServerFilter();
  const search = useServerSearch();
  return (
    <ListView
      title="Servers"
      one="server"
      tabs={tabs}
      document={SERVERS}
      connection={(data) => data.cloud?.servers}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={PAGE}
      filter={filter}
      search={search}
      forColumns={(isShown) => ({
        withImage: isShown('image'),
        withProject: isShown('project'),
        withUser: isShown('user'),
      })}
      // Whoever is no administrator may not list the hosts.
      withFirst={{ withOptions: true, withHosts: credential?.isAdmin ?? false }}
      isPaused={!isKnown}
      watches={watches}
      choices={(first) => <Choices options={first?.cloud} />}
    />
  );
}
