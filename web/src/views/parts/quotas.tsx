import { graphql, type ResultOf } from '../../graphql/graphql';
import { formatCount, formatGib, formatMib } from '../../lib/format';
import { QuotaBar } from '../../ui/bar';
import { Rows } from '../../ui/table';

export const QUOTA_LINE = graphql(`
  fragment QuotaLine on Quota {
    limit
    used
    reserved
  }
`);

interface Titled {
  title: string;
  quota: ResultOf<typeof QUOTA_LINE> | null | undefined;
  /** What is counted, when it is no number of things. */
  unit?: 'MiB' | 'GiB';
}

const FORMATS = { MiB: formatMib, GiB: formatGib };

/** Quotas, and how much of each is used. */
export function Quotas({ quotas }: { quotas: Titled[] }) {
  return (
    <Rows
      label="Quota"
      rows={quotas}
      empty=""
      columns={[
        { title: 'Of', cell: (each) => each.title },
        {
          title: 'Used',
          cell: ({ title, quota, unit }) => (
            <QuotaBar
              quota={quota}
              format={unit ? FORMATS[unit] : formatCount}
              label={`${title} used`}
            />
          ),
        },
      ]}
    />
  );
}
