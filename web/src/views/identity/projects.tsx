import type { ReactNode } from 'react';

import { graphql, type ResultOf } from '../../graphql/graphql';
import { formatCount, formatGib, formatMib } from '../../lib/format';
import type { RowOf } from '../../lib/types';
import { QuotaBar } from '../../ui/bar';
import { enabledColumn, idColumn, nameColumn, textColumn } from '../../ui/columns';
import { ListView } from '../../ui/list';
import type { Column } from '../../ui/table';
import { QUOTA_LINE } from '../parts/quotas';

const PROJECTS = graphql(
  `
    query Projects(
      $cloud: String
      $first: Int
      $after: String
      $filter: ProjectFilter
      $orderBy: ProjectOrder
    ) {
      cloud(name: $cloud) {
        projects(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
          totalCount
          pageInfo {
            hasNextPage
            endCursor
          }
          nodes {
            id
            name
            description
            isEnabled
            domain {
              id
              name
            }
            computeQuota {
              servers {
                ...QuotaLine
              }
              vcpus {
                ...QuotaLine
              }
              ramMib {
                ...QuotaLine
              }
            }
            volumeQuota {
              volumes {
                ...QuotaLine
              }
              sizeGib {
                ...QuotaLine
              }
            }
            networkQuota {
              floatingIps {
                ...QuotaLine
              }
            }
          }
        }
      }
    }
  `,
  [QUOTA_LINE],
);

type Row = RowOf<typeof PROJECTS, 'projects'>;

const ORDERS = { name: 'NAME', domain: 'DOMAIN' };

function quotaColumn(
  id: string,
  title: string,
  width: number,
  pick: (row: Row) => ResultOf<typeof QUOTA_LINE> | null | undefined,
  format: (value: number | null | undefined) => string,
  more: Partial<Column<Row>> = {},
): Column<Row> {
  return {
    id,
    title,
    width,
    cell: (row) => <QuotaBar quota={pick(row)} format={format} label={`${title} of ${row.name}`} />,
    value: (row) => pick(row)?.used,
    ...more,
  };
}

const COLUMNS: Column<Row>[] = [
  nameColumn('Project', { width: 150 }),
  enabledColumn({ width: 96 }),
  quotaColumn('servers', 'Servers', 176, (row) => row.computeQuota?.servers, formatCount, {
    isNarrow: true,
  }),
  quotaColumn('vcpus', 'vCPU', 176, (row) => row.computeQuota?.vcpus, formatCount),
  quotaColumn('memory', 'Memory', 214, (row) => row.computeQuota?.ramMib, formatMib),
  quotaColumn('storage', 'Volumes', 220, (row) => row.volumeQuota?.sizeGib, formatGib),
  quotaColumn(
    'floating',
    'Floating IPs',
    150,
    (row) => row.networkQuota?.floatingIps,
    formatCount,
    {
      isExtra: true,
    },
  ),
  textColumn('domain', 'Domain', 96, (row) => row.domain?.name, { order: 'domain', isExtra: true }),
  textColumn('description', 'Description', 220, (row) => row.description, { isExtra: true }),
  idColumn(),
];

export function Projects({ tabs }: { tabs: ReactNode }) {
  return (
    <ListView
      title="Projects"
      one="project"
      tabs={tabs}
      document={PROJECTS}
      connection={(data) => data.cloud?.projects}
      columns={COLUMNS}
      orders={ORDERS}
      // Quotas cost three calls a project.
      pageSize={50}
    />
  );
}
