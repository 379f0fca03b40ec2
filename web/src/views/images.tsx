import { graphql } from '../graphql/graphql';
import { formatBytes, formatCount } from '../lib/format';
import type { RowOf } from '../lib/types';
import { useParameter } from '../lib/url-state';
import {
  createdColumn,
  idColumn,
  nameColumn,
  projectColumn,
  statusColumn,
  textColumn,
  yesNoColumn,
} from '../ui/columns';
import { Choose, wordChoices } from '../ui/filters';
import { ListView } from '../ui/list';
import type { Column } from '../ui/table';
import {
  ChooseProject,
  PROJECT_OPTIONS,
  WITH_OPTIONS,
  useProjectFilter,
} from './parts/project-filter';

const IMAGES = graphql(
  `
    query Images(
      $cloud: String
      $first: Int
      $after: String
      $filter: ImageFilter
      $orderBy: ImageOrder
      $withOptions: Boolean!
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
        ...ProjectOptions @include(if: $withOptions)
      }
    }
  `,
  [PROJECT_OPTIONS],
);

type Row = RowOf<typeof IMAGES, 'images'>;

const ORDERS = { name: 'NAME', status: 'STATUS', size: 'SIZE', created: 'CREATED_AT' };
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
  nameColumn('Image', { width: 200 }),
  statusColumn({ width: 110 }),
  textColumn('visibility', 'Visibility', 100, (row) => row.visibility.toLowerCase()),
  {
    id: 'size',
    title: 'Size',
    order: 'size',
    width: 120,
    isNumber: true,
    isNarrow: true,
    cell: (row) => formatBytes(row.sizeBytes),
    value: (row) => row.sizeBytes,
  },
  textColumn('format', 'Format', 90, (row) => row.diskFormat),
  textColumn('servers', 'Servers', 80, (row) => row.servers?.totalCount, {
    isNumber: true,
    cell: (row) => formatCount(row.servers?.totalCount),
  }),
  yesNoColumn('protected', 'Protected', (row) => row.isProtected, { isExtra: true }),
  textColumn(
    'needs',
    'Needs',
    140,
    (row) => `${row.minRamMib ?? '?'} MiB · ${row.minDiskGib ?? '?'} GiB`,
    { isExtra: true },
  ),
  projectColumn(),
  createdColumn(),
  idColumn(),
];

export function Images() {
  const [chosenStatus] = useParameter('status');
  const [chosenVisibility] = useParameter('visibility');
  const project = useProjectFilter();
  const status = STATUSES.find((each) => each === chosenStatus);
  const visibility = VISIBILITIES.find((each) => each === chosenVisibility);
  return (
    <ListView
      title="Images"
      one="image"
      document={IMAGES}
      connection={(data) => data.cloud?.images}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={200}
      withFirst={WITH_OPTIONS}
      filter={{ ...project, ...(status ? { status } : {}), ...(visibility ? { visibility } : {}) }}
      choices={(first) => (
        <>
          <Choose parameter="status" label="Status" choices={wordChoices(STATUSES)} />
          <Choose parameter="visibility" label="Visibility" choices={wordChoices(VISIBILITIES)} />
          <ChooseProject of={first?.cloud} />
        </>
      )}
    />
  );
}
