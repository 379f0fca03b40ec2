import { useMemo } from 'react';

import { graphql, type ResultOf, type VariablesOf } from '../graphql/graphql';
import { useCaller } from '../lib/caller';
import { formatCount, formatMib } from '../lib/format';
import { usePages } from '../lib/pages';
import { parseOrder, useCloudName, useParameter } from '../lib/url-state';
import { Choose, Filters, SearchBox, thingChoices, wordChoices } from '../ui/filters';
import { Thing } from '../ui/link';
import { None, Status } from '../ui/status';
import { type Column, ColumnMenu, Table, useColumns } from '../ui/table';
import { Age } from '../ui/time';
import { View } from '../ui/view';

const SERVERS = graphql(`
  query Servers(
    $cloud: String
    $first: Int
    $after: String
    $filter: ServerFilter
    $orderBy: ServerOrder
    $withOptions: Boolean!
    $withHosts: Boolean!
    $withImage: Boolean!
    $withProject: Boolean!
    $withUser: Boolean!
  ) {
    cloud(name: $cloud) {
      servers(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount @include(if: $withOptions)
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          status
          taskState
          powerState
          host
          availabilityZone
          flavorName
          vcpus
          ramMib
          diskGib
          imageId
          image @include(if: $withImage) {
            id
            name
          }
          addresses {
            address
            kind
          }
          keyName
          isLocked
          projectId
          project @include(if: $withProject) {
            id
            name
          }
          userId
          user @include(if: $withUser) {
            id
            name
          }
          createdAt
          updatedAt
        }
      }
      flavors(first: 1000, orderBy: { field: NAME }) @include(if: $withOptions) {
        nodes {
          id
          name
        }
      }
      images(first: 1000, orderBy: { field: NAME }) @include(if: $withOptions) {
        nodes {
          id
          name
        }
      }
      availabilityZones(first: 1000) @include(if: $withOptions) {
        nodes {
          name
        }
      }
      projects(first: 1000, orderBy: { field: NAME }) @include(if: $withOptions) {
        nodes {
          id
          name
        }
      }
      hypervisors(first: 1000, orderBy: { field: NAME }) @include(if: $withHosts) {
        nodes {
          host
        }
      }
    }
  }
`);

type Row = NonNullable<
  NonNullable<NonNullable<ResultOf<typeof SERVERS>['cloud']>['servers']>['nodes'][number]
>;
type Filter = NonNullable<VariablesOf<typeof SERVERS>['filter']>;
type Status_ = NonNullable<Filter['status']>;

/** Rows of a page: as many as the graph gives. */
const PAGE = 1000;

const STATUSES = [
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
] as const satisfies readonly Status_[];

const SEARCH_FIELDS = ['NAME', 'HOST', 'FLAVOR', 'IMAGE', 'AVAILABILITY_ZONE', 'ALL'] as const;

const ORDERS = {
  name: 'NAME',
  status: 'STATUS',
  host: 'HOST',
  vcpus: 'VCPUS',
  memory: 'RAM',
  created: 'CREATED_AT',
  updated: 'UPDATED_AT',
} as const;

const addressesOf = (row: Row, kind: string) =>
  row.addresses.filter((each) => each.kind === kind).map((each) => each.address);

const COLUMNS: Column<Row>[] = [
  {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 210,
    isNarrow: true,
    cell: (row) => <Thing kind="Server" thing={row} />,
    value: (row) => row.name,
  },
  {
    id: 'status',
    title: 'Status',
    order: 'status',
    width: 150,
    isNarrow: true,
    cell: (row) => <Status status={row.status} detail={row.taskState} />,
    value: (row) => row.status,
  },
  {
    id: 'addresses',
    title: 'Addresses',
    width: 190,
    cell: (row) => <Addresses row={row} />,
    value: (row) => row.addresses.map((each) => each.address).join(' '),
  },
  {
    id: 'flavor',
    title: 'Flavor',
    width: 110,
    cell: (row) => row.flavorName ?? <None />,
    value: (row) => row.flavorName,
  },
  {
    id: 'vcpus',
    title: 'vCPU',
    order: 'vcpus',
    width: 64,
    isNumber: true,
    isExtra: true,
    cell: (row) => formatCount(row.vcpus),
    value: (row) => row.vcpus,
  },
  {
    id: 'memory',
    title: 'Memory',
    order: 'memory',
    width: 86,
    isNumber: true,
    isExtra: true,
    cell: (row) => formatMib(row.ramMib),
    value: (row) => row.ramMib,
  },
  {
    id: 'host',
    title: 'Host',
    order: 'host',
    width: 110,
    cell: (row) => row.host ?? <None />,
    value: (row) => row.host,
  },
  {
    id: 'zone',
    title: 'Zone',
    width: 80,
    isExtra: true,
    cell: (row) => row.availabilityZone ?? <None />,
    value: (row) => row.availabilityZone,
  },
  {
    id: 'image',
    title: 'Image',
    width: 150,
    isExtra: true,
    cell: (row) =>
      row.image === undefined || row.imageId ? (
        <Thing kind="Image" thing={row.image} id={row.imageId} />
      ) : (
        <span className="muted">from a volume</span>
      ),
    value: (row) => row.image?.name ?? row.imageId,
  },
  {
    id: 'project',
    title: 'Project',
    width: 130,
    cell: (row) => <Thing kind="Project" thing={row.project} id={row.projectId} />,
    value: (row) => row.project?.name ?? row.projectId,
  },
  {
    id: 'user',
    title: 'User',
    width: 120,
    isExtra: true,
    cell: (row) => <Thing kind="User" thing={row.user} id={row.userId} />,
    value: (row) => row.user?.name ?? row.userId,
  },
  {
    id: 'key',
    title: 'Key pair',
    width: 110,
    isExtra: true,
    cell: (row) => row.keyName ?? <None />,
    value: (row) => row.keyName,
  },
  {
    id: 'locked',
    title: 'Locked',
    width: 70,
    isExtra: true,
    cell: (row) => (row.isLocked == null ? <None /> : row.isLocked ? 'Yes' : 'No'),
    value: (row) => row.isLocked,
  },
  {
    id: 'updated',
    title: 'Changed',
    order: 'updated',
    width: 104,
    cell: (row) => <Age time={row.updatedAt} />,
    value: (row) => row.updatedAt,
  },
  {
    id: 'created',
    title: 'Created',
    order: 'created',
    width: 104,
    isExtra: true,
    cell: (row) => <Age time={row.createdAt} />,
    value: (row) => row.createdAt,
  },
  {
    id: 'id',
    title: 'Id',
    width: 290,
    isExtra: true,
    cell: (row) => <code>{row.id}</code>,
    value: (row) => row.id,
  },
];

function Addresses({ row }: { row: Row }) {
  const fixed = addressesOf(row, 'FIXED');
  const floating = addressesOf(row, 'FLOATING');
  const all = row.addresses.map((each) => each.address).join('\n');
  if (row.addresses.length === 0) return <None />;
  return (
    <span title={all}>
      {floating.length > 0 ? <strong className="floating">{floating[0]} </strong> : null}
      {fixed[0] ?? ''}
      {fixed.length > 1 ? <span className="muted"> +{fixed.length - 1}</span> : null}
    </span>
  );
}

/** The filter that the URL asks for. */
function useFilter(): Filter | null {
  const [status] = useParameter('status');
  const [host] = useParameter('host');
  const [flavor] = useParameter('flavor');
  const [image] = useParameter('image');
  const [zone] = useParameter('zone');
  const [project] = useParameter('project');
  const [term] = useParameter('q');
  const [field] = useParameter('in');
  return useMemo(() => {
    const statuses = status
      .split(',')
      .filter((each): each is Status_ => (STATUSES as readonly string[]).includes(each));
    const searchIn = SEARCH_FIELDS.find((each) => each === field) ?? 'NAME';
    const filter: Filter = {
      ...(statuses.length > 0 ? { statuses } : {}),
      ...(host ? { host } : {}),
      ...(flavor ? { flavor } : {}),
      ...(image ? { imageId: image } : {}),
      ...(zone ? { availabilityZone: zone } : {}),
      ...(project ? { project } : {}),
      ...(term ? { search: { term, in: searchIn, caseSensitive: false } } : {}),
    };
    return Object.keys(filter).length > 0 ? filter : null;
  }, [status, host, flavor, image, zone, project, term, field]);
}

export function Servers() {
  const cloud = useCloudName();
  const { credential, isKnown } = useCaller();
  const filter = useFilter();
  const [orderText] = useParameter('order');
  const order = parseOrder(orderText);
  const field = order && order.field in ORDERS ? ORDERS[order.field as keyof typeof ORDERS] : null;
  const { shown, setChosen, isChosen } = useColumns(COLUMNS);
  const isShown = (id: string) => shown.some((column) => column.id === id);

  const variables = {
    cloud,
    first: PAGE,
    filter,
    orderBy: field
      ? { field, direction: order?.isDescending ? ('DESC' as const) : ('ASC' as const) }
      : null,
    withImage: isShown('image'),
    withProject: isShown('project'),
    withUser: isShown('user'),
  };
  const pages = usePages({
    document: SERVERS,
    variables,
    // Whoever is no administrator may not list the hosts.
    withFirst: { withOptions: true, withHosts: credential?.isAdmin ?? false },
    connection: (data) => data.cloud?.servers,
    isPaused: !isKnown,
  });
  const options = pages.first?.cloud;
  const hosts = options?.hypervisors?.nodes ?? [];

  return (
    <View<Row>
      title="Servers"
      className="is-table"
      freshness={pages}
      error={pages.error}
      shown={{
        document: SERVERS,
        variables: { ...variables, withOptions: false, withHosts: false },
        table: { name: 'servers', columns: shown, rows: pages.rows, isPart: pages.hasMore },
      }}
      actions={
        <ColumnMenu columns={COLUMNS} shown={shown} setChosen={setChosen} isChosen={isChosen} />
      }
    >
      <Filters search={<SearchBox label="Search" />}>
        <Choose
          parameter="in"
          label="In"
          any="in names"
          choices={wordChoices(SEARCH_FIELDS.filter((each) => each !== 'NAME'))}
        />
        <Choose parameter="status" label="Status" choices={wordChoices(STATUSES)} />
        {hosts.length > 0 ? (
          <Choose
            parameter="host"
            label="Host"
            choices={hosts
              .map((each) => each.host ?? '')
              .filter(Boolean)
              .map((host) => ({ value: host, label: host }))}
          />
        ) : null}
        <Choose
          parameter="flavor"
          label="Flavor"
          choices={(options?.flavors?.nodes ?? []).map((each) => ({
            value: each.name,
            label: each.name,
          }))}
        />
        <Choose parameter="image" label="Image" choices={thingChoices(options?.images?.nodes)} />
        <Choose
          parameter="zone"
          label="Zone"
          choices={(options?.availabilityZones?.nodes ?? []).map((each) => ({
            value: each.name,
            label: each.name,
          }))}
        />
        <Choose
          parameter="project"
          label="Project"
          choices={thingChoices(options?.projects?.nodes)}
        />
      </Filters>
      <Table
        label="Servers"
        columns={shown}
        rows={pages.rows}
        totalCount={pages.totalCount}
        hasMore={pages.hasMore}
        isFetching={pages.isFetching}
        look={pages.look}
        empty={
          pages.error && !options?.servers
            ? 'Servers could not be read. The notice above says why.'
            : filter
              ? 'No server is like that.'
              : 'There are no servers.'
        }
      />
    </View>
  );
}
