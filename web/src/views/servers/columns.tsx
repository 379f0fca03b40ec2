import { formatCount, formatMib } from '../../lib/format';
import {
  createdColumn,
  idColumn,
  nameColumn,
  projectColumn,
  statusColumn,
  textColumn,
  thingColumn,
  updatedColumn,
  yesNoColumn,
} from '../../ui/columns';
import { Thing } from '../../ui/link';
import { None } from '../../ui/status';
import type { Column } from '../../ui/table';
import type { Row } from './query';

const addressesOf = (row: Row, kind: string) =>
  row.addresses.filter((each) => each.kind === kind).map((each) => each.address);

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

export const COLUMNS: Column<Row>[] = [
  nameColumn('Server', { width: 210 }),
  statusColumn({ width: 150 }),
  {
    id: 'addresses',
    title: 'Addresses',
    width: 190,
    cell: (row) => <Addresses row={row} />,
    value: (row) => row.addresses.map((each) => each.address).join(' '),
  },
  textColumn('flavor', 'Flavor', 110, (row) => row.flavorName),
  textColumn('vcpus', 'vCPU', 64, (row) => row.vcpus, {
    order: 'vcpus',
    isNumber: true,
    isExtra: true,
    cell: (row) => formatCount(row.vcpus),
  }),
  textColumn('memory', 'Memory', 86, (row) => row.ramMib, {
    order: 'memory',
    isNumber: true,
    isExtra: true,
    cell: (row) => formatMib(row.ramMib),
  }),
  textColumn('host', 'Host', 110, (row) => row.host, { order: 'host' }),
  textColumn('zone', 'Zone', 80, (row) => row.availabilityZone, { isExtra: true }),
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
  projectColumn(),
  thingColumn('user', 'User', 'User', (row) => ({ id: row.userId, name: row.user?.name }), {
    width: 120,
    isExtra: true,
  }),
  textColumn('key', 'Key pair', 110, (row) => row.keyName, { isExtra: true }),
  yesNoColumn('locked', 'Locked', (row) => row.isLocked, { isExtra: true }),
  updatedColumn(),
  createdColumn({ isExtra: true }),
  idColumn(),
];
