import { graphql, type ResultOf } from '../graphql/graphql';
import { formatBytes, formatCount } from '../lib/format';
import { useCloudName, useParameter } from '../lib/url-state';
import { Choose, Filters, SearchBox, wordChoices } from '../ui/filters';
import { Thing } from '../ui/link';
import { ListView, useOrder } from '../ui/list';
import { None, Status, YesNo } from '../ui/status';
import type { Column } from '../ui/table';
import { Age } from '../ui/time';

const IMAGES = graphql(`
  query Images(
    $cloud: String
    $first: Int
    $after: String
    $filter: ImageFilter
    $orderBy: ImageOrder
  ) {
    cloud(name: $cloud) {
      images(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          name
          status
          visibility
          sizeBytes
          virtualSizeBytes
          diskFormat
          containerFormat
          minDiskGib
          minRamMib
          isProtected
          projectId
          project {
            id
            name
          }
          servers(first: 1) {
            totalCount
          }
          createdAt
          updatedAt
        }
      }
    }
  }
`);

type Row = NonNullable<NonNullable<ResultOf<typeof IMAGES>['cloud']>['images']>['nodes'][number];

const ORDERS = { name: 'NAME', status: 'STATUS', size: 'SIZE', created: 'CREATED_AT' } as const;
const VISIBILITIES = ['PUBLIC', 'PRIVATE', 'SHARED', 'COMMUNITY'] as const;
const STATUSES = [
  'ACTIVE',
  'QUEUED',
  'SAVING',
  'UPLOADING',
  'IMPORTING',
  'DEACTIVATED',
  'KILLED',
] as const;

const COLUMNS: Column<Row>[] = [
  {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 220,
    isNarrow: true,
    cell: (row) => <Thing kind="Image" thing={row} />,
    value: (row) => row.name,
  },
  {
    id: 'status',
    title: 'Status',
    order: 'status',
    width: 110,
    isNarrow: true,
    cell: (row) => <Status status={row.status} />,
    value: (row) => row.status,
  },
  {
    id: 'visibility',
    title: 'Visibility',
    width: 100,
    cell: (row) => row.visibility.toLowerCase(),
    value: (row) => row.visibility,
  },
  {
    id: 'size',
    title: 'Size',
    order: 'size',
    width: 100,
    isNumber: true,
    isNarrow: true,
    cell: (row) => formatBytes(row.sizeBytes),
    value: (row) => row.sizeBytes,
  },
  {
    id: 'format',
    title: 'Format',
    width: 90,
    cell: (row) => row.diskFormat ?? <None />,
    value: (row) => row.diskFormat,
  },
  {
    id: 'servers',
    title: 'Servers',
    width: 80,
    isNumber: true,
    cell: (row) => formatCount(row.servers?.totalCount),
    value: (row) => row.servers?.totalCount,
  },
  {
    id: 'protected',
    title: 'Protected',
    width: 80,
    isExtra: true,
    cell: (row) => <YesNo value={row.isProtected} />,
    value: (row) => row.isProtected,
  },
  {
    id: 'needs',
    title: 'Needs',
    width: 140,
    isExtra: true,
    cell: (row) => `${row.minRamMib ?? '?'} MiB · ${row.minDiskGib ?? '?'} GiB`,
    value: (row) => `${row.minRamMib ?? '?'} MiB, ${row.minDiskGib ?? '?'} GiB`,
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
  {
    id: 'id',
    title: 'Id',
    width: 290,
    isExtra: true,
    cell: (row) => <code>{row.id}</code>,
    value: (row) => row.id,
  },
];

export function Images() {
  const cloud = useCloudName();
  const [term] = useParameter('q');
  const [chosenStatus] = useParameter('status');
  const [chosenVisibility] = useParameter('visibility');
  const status = STATUSES.find((each) => each === chosenStatus);
  const visibility = VISIBILITIES.find((each) => each === chosenVisibility);
  const orderBy = useOrder(ORDERS);
  const filter = {
    ...(term ? { nameContains: term } : {}),
    ...(status ? { status } : {}),
    ...(visibility ? { visibility } : {}),
  };
  return (
    <ListView
      title="Images"
      document={IMAGES}
      variables={{ cloud, first: 200, filter, orderBy }}
      connection={(data) => data.cloud?.images}
      columns={COLUMNS}
      fileName="images"
      empty="No image is like that."
      filters={
        <Filters search={<SearchBox label="Name" />}>
          <Choose parameter="status" label="Status" choices={wordChoices(STATUSES)} />
          <Choose parameter="visibility" label="Visibility" choices={wordChoices(VISIBILITIES)} />
        </Filters>
      }
    />
  );
}
