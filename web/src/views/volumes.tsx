import { graphql, type ResultOf } from '../graphql/graphql';
import { formatCount, formatGib } from '../lib/format';
import { useCloudName, useParameter } from '../lib/url-state';
import { Bar } from '../ui/bar';
import { Choose, Filters, SearchBox, wordChoices } from '../ui/filters';
import { Thing } from '../ui/link';
import { ListView, useOrder } from '../ui/list';
import { None, Status, YesNo } from '../ui/status';
import type { Column } from '../ui/table';
import { Tabs } from '../ui/tabs';
import { Age } from '../ui/time';

const VOLUMES = graphql(`
  query Volumes(
    $cloud: String
    $first: Int
    $after: String
    $filter: VolumeFilter
    $orderBy: VolumeOrder
  ) {
    cloud(name: $cloud) {
      volumes(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          status
          sizeGib
          typeName
          availabilityZone
          isBootable
          isEncrypted
          isMultiattach
          projectId
          project {
            id
            name
          }
          attachments {
            id
            serverId
            serverName
            device
          }
          createdAt
          updatedAt
        }
      }
    }
  }
`);

const SNAPSHOTS = graphql(`
  query Snapshots(
    $cloud: String
    $first: Int
    $after: String
    $filter: VolumeSnapshotFilter
    $orderBy: VolumeSnapshotOrder
  ) {
    cloud(name: $cloud) {
      volumeSnapshots(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          status
          sizeGib
          volumeId
          volumeName
          projectId
          project {
            id
            name
          }
          createdAt
        }
      }
    }
  }
`);

const BACKUPS = graphql(`
  query Backups(
    $cloud: String
    $first: Int
    $after: String
    $filter: VolumeBackupFilter
    $orderBy: VolumeBackupOrder
  ) {
    cloud(name: $cloud) {
      volumeBackups(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          status
          failReason
          sizeGib
          isIncremental
          volumeId
          volume {
            id
            name
          }
          projectId
          createdAt
        }
      }
    }
  }
`);

const POOLS = graphql(`
  query Pools($cloud: String, $first: Int, $after: String, $filter: StoragePoolFilter) {
    cloud(name: $cloud) {
      storagePools(first: $first, after: $after, filter: $filter) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          backendName
          totalCapacityGib
          freeCapacityGib
          provisionedCapacityGib
          allocatedCapacityGib
          isInfinite
          maxOverSubscriptionRatio
          storageProtocol
          vendorName
          updatedAt
        }
      }
    }
  }
`);

type Volume = NonNullable<
  NonNullable<ResultOf<typeof VOLUMES>['cloud']>['volumes']
>['nodes'][number];
type Snapshot = NonNullable<
  NonNullable<ResultOf<typeof SNAPSHOTS>['cloud']>['volumeSnapshots']
>['nodes'][number];
type Backup = NonNullable<
  NonNullable<ResultOf<typeof BACKUPS>['cloud']>['volumeBackups']
>['nodes'][number];
type Pool = NonNullable<
  NonNullable<ResultOf<typeof POOLS>['cloud']>['storagePools']
>['nodes'][number];

const STATUSES = [
  'AVAILABLE',
  'IN_USE',
  'ERROR',
  'ATTACHING',
  'CREATING',
  'DELETING',
  'DETACHING',
  'DOWNLOADING',
  'ERROR_DELETING',
  'ERROR_EXTENDING',
  'EXTENDING',
  'MAINTENANCE',
  'RESERVED',
  'RETYPING',
  'UPLOADING',
] as const;
const SNAPSHOT_STATUSES = ['AVAILABLE', 'CREATING', 'DELETING', 'ERROR', 'ERROR_DELETING'] as const;

const VOLUME_ORDERS = {
  name: 'NAME',
  size: 'SIZE',
  status: 'STATUS',
  created: 'CREATED_AT',
  updated: 'UPDATED_AT',
} as const;
const SNAPSHOT_ORDERS = {
  name: 'NAME',
  size: 'SIZE',
  status: 'STATUS',
  created: 'CREATED_AT',
} as const;

const VOLUME_COLUMNS: Column<Volume>[] = [
  {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 210,
    isNarrow: true,
    cell: (row) => <Thing kind="Volume" thing={row} />,
    value: (row) => row.name,
  },
  {
    id: 'status',
    title: 'Status',
    order: 'status',
    width: 120,
    isNarrow: true,
    cell: (row) => <Status status={row.status} />,
    value: (row) => row.status,
  },
  {
    id: 'size',
    title: 'Size',
    order: 'size',
    width: 84,
    isNumber: true,
    isNarrow: true,
    cell: (row) => formatGib(row.sizeGib),
    value: (row) => row.sizeGib,
  },
  {
    id: 'type',
    title: 'Type',
    width: 90,
    cell: (row) => row.typeName ?? <None />,
    value: (row) => row.typeName,
  },
  {
    id: 'server',
    title: 'Attached to',
    width: 200,
    cell: (row) =>
      row.attachments.length === 0 ? (
        <None />
      ) : (
        row.attachments.map((each, index) => (
          <span key={each.id}>
            {index > 0 ? ', ' : ''}
            <Thing
              kind="Server"
              thing={each.serverName ? { id: each.serverId, name: each.serverName } : null}
              id={each.serverId}
            />
          </span>
        ))
      ),
    value: (row) => row.attachments.map((each) => each.serverName ?? each.serverId).join(' '),
  },
  {
    id: 'bootable',
    title: 'Bootable',
    width: 76,
    cell: (row) => <YesNo value={row.isBootable} />,
    value: (row) => row.isBootable,
  },
  {
    id: 'encrypted',
    title: 'Encrypted',
    width: 80,
    isExtra: true,
    cell: (row) => <YesNo value={row.isEncrypted} />,
    value: (row) => row.isEncrypted,
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
    id: 'project',
    title: 'Project',
    width: 120,
    cell: (row) => <Thing kind="Project" thing={row.project} id={row.projectId} />,
    value: (row) => row.project?.name ?? row.projectId,
  },
  {
    id: 'updated',
    title: 'Changed',
    order: 'updated',
    width: 96,
    cell: (row) => <Age time={row.updatedAt} />,
    value: (row) => row.updatedAt,
  },
  {
    id: 'created',
    title: 'Created',
    order: 'created',
    width: 96,
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

const SNAPSHOT_COLUMNS: Column<Snapshot>[] = [
  {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 220,
    isNarrow: true,
    cell: (row) => <Thing kind="VolumeSnapshot" thing={row} />,
    value: (row) => row.name,
  },
  {
    id: 'status',
    title: 'Status',
    order: 'status',
    width: 120,
    isNarrow: true,
    cell: (row) => <Status status={row.status} />,
    value: (row) => row.status,
  },
  {
    id: 'size',
    title: 'Size',
    order: 'size',
    width: 90,
    isNumber: true,
    isNarrow: true,
    cell: (row) => formatGib(row.sizeGib),
    value: (row) => row.sizeGib,
  },
  {
    id: 'volume',
    title: 'Of volume',
    width: 220,
    cell: (row) => (
      <Thing
        kind="Volume"
        thing={row.volumeName ? { id: row.volumeId, name: row.volumeName } : null}
        id={row.volumeId}
      />
    ),
    value: (row) => row.volumeName ?? row.volumeId,
  },
  {
    id: 'project',
    title: 'Project',
    width: 130,
    cell: (row) => <Thing kind="Project" thing={row.project} id={row.projectId} />,
    value: (row) => row.project?.name ?? row.projectId,
  },
  {
    id: 'created',
    title: 'Created',
    order: 'created',
    width: 104,
    cell: (row) => <Age time={row.createdAt} />,
    value: (row) => row.createdAt,
  },
];

const BACKUP_COLUMNS: Column<Backup>[] = [
  {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 220,
    isNarrow: true,
    cell: (row) => row.name ?? <code>{row.id}</code>,
    value: (row) => row.name,
  },
  {
    id: 'status',
    title: 'Status',
    order: 'status',
    width: 120,
    isNarrow: true,
    cell: (row) => (
      <span title={row.failReason ?? undefined}>
        <Status status={row.status} />
      </span>
    ),
    value: (row) => row.status,
  },
  {
    id: 'size',
    title: 'Size',
    order: 'size',
    width: 90,
    isNumber: true,
    cell: (row) => formatGib(row.sizeGib),
    value: (row) => row.sizeGib,
  },
  {
    id: 'incremental',
    title: 'Incremental',
    width: 100,
    cell: (row) => <YesNo value={row.isIncremental} />,
    value: (row) => row.isIncremental,
  },
  {
    id: 'volume',
    title: 'Of volume',
    width: 220,
    cell: (row) => <Thing kind="Volume" thing={row.volume} id={row.volumeId} />,
    value: (row) => row.volume?.name ?? row.volumeId,
  },
  {
    id: 'created',
    title: 'Created',
    order: 'created',
    width: 104,
    cell: (row) => <Age time={row.createdAt} />,
    value: (row) => row.createdAt,
  },
];

function usedOf(pool: Pool): number | null {
  if (pool.totalCapacityGib === null || pool.freeCapacityGib === null) return null;
  return pool.totalCapacityGib - pool.freeCapacityGib;
}

const POOL_COLUMNS: Column<Pool>[] = [
  {
    id: 'name',
    title: 'Pool',
    width: 220,
    isNarrow: true,
    cell: (row) => row.name,
    value: (row) => row.name,
  },
  {
    id: 'used',
    title: 'Taken',
    width: 260,
    isNarrow: true,
    cell: (row) =>
      row.isInfinite ? (
        'no limit'
      ) : (
        <Bar
          used={usedOf(row)}
          total={row.totalCapacityGib}
          format={formatGib}
          label={`Taken of ${row.name}`}
        />
      ),
    value: usedOf,
  },
  {
    id: 'provisioned',
    title: 'Provisioned',
    width: 120,
    isNumber: true,
    cell: (row) => formatGib(row.provisionedCapacityGib),
    value: (row) => row.provisionedCapacityGib,
  },
  {
    id: 'ratio',
    title: 'May be',
    width: 90,
    isNumber: true,
    cell: (row) =>
      row.maxOverSubscriptionRatio === null
        ? 'unknown'
        : `${formatCount(row.maxOverSubscriptionRatio)} ×`,
    value: (row) => row.maxOverSubscriptionRatio,
  },
  {
    id: 'backend',
    title: 'Backend',
    width: 110,
    cell: (row) => row.backendName ?? <None />,
    value: (row) => row.backendName,
  },
  {
    id: 'protocol',
    title: 'Protocol',
    width: 100,
    cell: (row) => row.storageProtocol ?? <None />,
    value: (row) => row.storageProtocol,
  },
  {
    id: 'updated',
    title: 'Reported',
    width: 104,
    cell: (row) => <Age time={row.updatedAt} />,
    value: (row) => row.updatedAt,
  },
];

const TABS = [
  { id: '', title: 'Volumes' },
  { id: 'snapshots', title: 'Snapshots' },
  { id: 'backups', title: 'Backups' },
  { id: 'pools', title: 'Storage pools' },
];

export function Volumes() {
  const cloud = useCloudName();
  const [tab] = useParameter('tab');
  const [term] = useParameter('q');
  const [chosen] = useParameter('status');
  const [attached] = useParameter('attached');
  const volumeOrder = useOrder(VOLUME_ORDERS);
  const snapshotOrder = useOrder(SNAPSHOT_ORDERS);
  const name = term ? { nameContains: term } : {};
  const above = (
    <Tabs
      label="Storage"
      tabs={TABS.map((each) => ({
        title: each.title,
        to: each.id ? `/volumes?tab=${each.id}` : '/volumes',
        isHere: each.id === tab,
      }))}
    />
  );
  if (tab === 'snapshots') {
    const status = SNAPSHOT_STATUSES.find((each) => each === chosen);
    return (
      <ListView
        key={tab}
        title="Snapshots"
        above={above}
        document={SNAPSHOTS}
        variables={{
          cloud,
          first: 500,
          filter: { ...name, ...(status ? { status } : {}) },
          orderBy: snapshotOrder,
        }}
        connection={(data) => data.cloud?.volumeSnapshots}
        columns={SNAPSHOT_COLUMNS}
        fileName="snapshots"
        empty="No snapshot is like that."
        filters={
          <Filters search={<SearchBox label="Name" />}>
            <Choose parameter="status" label="Status" choices={wordChoices(SNAPSHOT_STATUSES)} />
          </Filters>
        }
      />
    );
  }
  if (tab === 'backups') {
    return (
      <ListView
        key={tab}
        title="Backups"
        above={above}
        document={BACKUPS}
        variables={{ cloud, first: 500, filter: name, orderBy: snapshotOrder }}
        connection={(data) => data.cloud?.volumeBackups}
        columns={BACKUP_COLUMNS}
        fileName="backups"
        empty="No backup is like that."
        filters={<Filters search={<SearchBox label="Name" />} />}
      />
    );
  }
  if (tab === 'pools') {
    return (
      <ListView
        key={tab}
        title="Storage pools"
        above={above}
        document={POOLS}
        variables={{ cloud, first: 200, filter: name }}
        connection={(data) => data.cloud?.storagePools}
        columns={POOL_COLUMNS}
        fileName="storage-pools"
        empty="No storage pool is like that."
        filters={<Filters search={<SearchBox label="Name" />} />}
      />
    );
  }
  const status = STATUSES.find((each) => each === chosen);
  return (
    <ListView
      key="volumes"
      title="Volumes"
      above={above}
      document={VOLUMES}
      variables={{
        cloud,
        first: 500,
        filter: {
          ...name,
          ...(status ? { status } : {}),
          ...(attached ? { isAttached: attached === 'yes' } : {}),
        },
        orderBy: volumeOrder,
      }}
      connection={(data) => data.cloud?.volumes}
      columns={VOLUME_COLUMNS}
      fileName="volumes"
      empty="No volume is like that."
      filters={
        <Filters search={<SearchBox label="Name" />}>
          <Choose parameter="status" label="Status" choices={wordChoices(STATUSES)} />
          <Choose
            parameter="attached"
            label="Attached"
            choices={[
              { value: 'yes', label: 'Attached' },
              { value: 'no', label: 'Unattached' },
            ]}
          />
        </Filters>
      }
    />
  );
}
