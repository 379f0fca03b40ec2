import type { ReactNode } from 'react';

import { graphql } from '../../graphql/graphql';
import type { RowOf } from '../../lib/types';
import { useParameter } from '../../lib/url-state';
import {
  createdColumn,
  idColumn,
  nameColumn,
  projectColumn,
  sizeColumn,
  statusColumn,
  thingColumn,
} from '../../ui/columns';
import { Choose, wordChoices } from '../../ui/filters';
import { ListView } from '../../ui/list';
import type { Column } from '../../ui/table';
import {
  ChooseProject,
  PROJECT_OPTIONS,
  WITH_OPTIONS,
  useProjectFilter,
} from '../parts/project-filter';

const SNAPSHOTS = graphql(
  `
    query Snapshots(
      $cloud: String
      $first: Int
      $after: String
      $filter: VolumeSnapshotFilter
      $orderBy: VolumeSnapshotOrder
      $withOptions: Boolean!
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
        ...ProjectOptions @include(if: $withOptions)
      }
    }
  `,
  [PROJECT_OPTIONS],
);

type Row = RowOf<typeof SNAPSHOTS, 'volumeSnapshots'>;

const STATUSES = ['AVAILABLE', 'CREATING', 'DELETING', 'ERROR', 'ERROR_DELETING'] as const;

const ORDERS = { name: 'NAME', size: 'SIZE', status: 'STATUS', created: 'CREATED_AT' };

const COLUMNS: Column<Row>[] = [
  nameColumn('VolumeSnapshot', { width: 220 }),
  statusColumn(),
  sizeColumn(),
  thingColumn(
    'volume',
    'Of volume',
    'Volume',
    (row) => ({ id: row.volumeId, name: row.volumeName }),
    { width: 220 },
  ),
  projectColumn(),
  createdColumn(),
  idColumn(),
];

export function Snapshots({ tabs }: { tabs: ReactNode }) {
  const [chosen] = useParameter('status');
  const project = useProjectFilter();
  const status = STATUSES.find((each) => each === chosen);
  return (
    <ListView
      title="Snapshots"
      one="snapshot"
      tabs={tabs}
      document={SNAPSHOTS}
      connection={(data) => data.cloud?.volumeSnapshots}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={500}
      filter={{ ...project, ...(status ? { status } : {}) }}
      withFirst={WITH_OPTIONS}
      choices={(first) => (
        <>
          <Choose parameter="status" label="Status" choices={wordChoices(STATUSES)} />
          <ChooseProject of={first?.cloud} />
        </>
      )}
    />
  );
}
