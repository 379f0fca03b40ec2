import type { ReactNode } from 'react';

import { graphql, type ResultOf } from '../../graphql/graphql';
import { useParameter } from '../../lib/url-state';
import { told, watch } from '../../lib/watch';
import {
  createdColumn,
  idColumn,
  nameColumn,
  projectColumn,
  sizeColumn,
  statusColumn,
  textColumn,
  updatedColumn,
  yesNoColumn,
} from '../../ui/columns';
import { Choose, wordChoices } from '../../ui/filters';
import { Thing } from '../../ui/link';
import { ListView } from '../../ui/list';
import { None } from '../../ui/status';
import type { Column } from '../../ui/table';
import {
  ChooseProject,
  PROJECT_OPTIONS,
  WITH_OPTIONS,
  useProjectFilter,
} from '../parts/project-filter';

const ROW = graphql(`
  fragment VolumeRow on Volume {
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
`);

const VOLUMES = graphql(
  `
    query Volumes(
      $cloud: String
      $first: Int
      $after: String
      $filter: VolumeFilter
      $orderBy: VolumeOrder
      $withOptions: Boolean!
    ) {
      cloud(name: $cloud) {
        volumes(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
          totalCount
          pageInfo {
            hasNextPage
            endCursor
          }
          nodes {
            ...VolumeRow
          }
        }
        ...ProjectOptions @include(if: $withOptions)
      }
    }
  `,
  [ROW, PROJECT_OPTIONS],
);

const CHANGES = graphql(
  `
    subscription VolumeRows($cloud: String, $filter: VolumeFilter) {
      volumeChanged(cloud: $cloud, filter: $filter) {
        kind
        id
        seenAt
        volume {
          ...VolumeRow
        }
      }
    }
  `,
  [ROW],
);

type Row = ResultOf<typeof ROW>;

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

const ORDERS = {
  name: 'NAME',
  size: 'SIZE',
  status: 'STATUS',
  created: 'CREATED_AT',
  updated: 'UPDATED_AT',
};

function Attached({ row }: { row: Row }) {
  if (row.attachments.length === 0) return <None />;
  return row.attachments.map((each, index) => (
    <span key={each.id}>
      {index > 0 ? ', ' : ''}
      <Thing
        kind="Server"
        thing={each.serverName ? { id: each.serverId, name: each.serverName } : null}
        id={each.serverId}
      />
    </span>
  ));
}

const COLUMNS: Column<Row>[] = [
  nameColumn('Volume', { width: 210 }),
  statusColumn(),
  sizeColumn(),
  textColumn('type', 'Type', 90, (row) => row.typeName),
  {
    id: 'server',
    title: 'Attached to',
    width: 200,
    cell: (row) => <Attached row={row} />,
    value: (row) => row.attachments.map((each) => each.serverName ?? each.serverId).join(' '),
  },
  yesNoColumn('bootable', 'Bootable', (row) => row.isBootable),
  yesNoColumn('encrypted', 'Encrypted', (row) => row.isEncrypted, { isExtra: true }),
  textColumn('zone', 'Zone', 80, (row) => row.availabilityZone, { isExtra: true }),
  projectColumn({ width: 120 }),
  updatedColumn(),
  createdColumn({ isExtra: true }),
  idColumn(),
];

export function Volumes({ tabs }: { tabs: ReactNode }) {
  const [chosen] = useParameter('status');
  const [attached] = useParameter('attached');
  const project = useProjectFilter();
  const status = STATUSES.find((each) => each === chosen);
  return (
    <ListView
      title="Volumes"
      one="volume"
      tabs={tabs}
      document={VOLUMES}
      connection={(data) => data.cloud?.volumes}
      columns={COLUMNS}
      orders={ORDERS}
      pageSize={500}
      withFirst={WITH_OPTIONS}
      filter={{
        ...project,
        ...(status ? { status } : {}),
        ...(attached ? { isAttached: attached === 'yes' } : {}),
      }}
      watches={({ cloud, filter }) => [
        watch(CHANGES, { cloud, filter }, ({ volumeChanged }) =>
          told('Volume', volumeChanged, volumeChanged?.volume),
        ),
      ]}
      choices={(first) => (
        <>
          <Choose parameter="status" label="Status" choices={wordChoices(STATUSES)} />
          <Choose
            parameter="attached"
            label="Attached"
            choices={[
              { value: 'yes', label: 'Attached' },
              { value: 'no', label: 'Unattached' },
            ]}
          />
          <ChooseProject of={first?.cloud} />
        </>
      )}
    />
  );
}
