// The columns that most lists have.

import type { ReactNode } from 'react';

import { formatGib } from '../lib/format';
import { Thing } from './link';
import { None, Status, YesNo } from './status';
import type { Column } from './table';
import { Age } from './time';

type More<Row> = Partial<Omit<Column<Row>, 'id' | 'cell' | 'value'>>;

/** What a thing is called, leading to it. */
export function nameColumn<Row extends { id: string; name: string | null }>(
  kind: string,
  more: More<Row> = {},
): Column<Row> {
  return {
    id: 'name',
    title: 'Name',
    order: 'name',
    width: 200,
    isNarrow: true,
    cell: (row) => <Thing kind={kind} thing={row} />,
    value: (row) => row.name,
    ...more,
  };
}

export function statusColumn<Row extends { status: string; taskState?: string | null }>(
  more: More<Row> = {},
): Column<Row> {
  return {
    id: 'status',
    title: 'Status',
    order: 'status',
    width: 120,
    isNarrow: true,
    cell: (row) => <Status status={row.status} detail={row.taskState} />,
    value: (row) => row.status,
    ...more,
  };
}

/** Whether somebody has switched it on. */
export function enabledColumn<Row extends { isEnabled: boolean | null }>(
  more: More<Row> = {},
): Column<Row> {
  const status = ({ isEnabled }: Row) =>
    isEnabled === null ? 'UNKNOWN' : isEnabled ? 'ENABLED' : 'DISABLED';
  return {
    id: 'enabled',
    title: 'State',
    width: 100,
    cell: (row) => <Status status={status(row)} />,
    value: (row) => row.isEnabled,
    ...more,
  };
}

/** A text, or a number that needs no unit. */
export function textColumn<Row>(
  id: string,
  title: string,
  width: number,
  pick: (row: Row) => string | number | null | undefined,
  more: More<Row> & { cell?: (row: Row) => ReactNode } = {},
): Column<Row> {
  return {
    id,
    title,
    width,
    cell: (row) => {
      const text = pick(row);
      return text == null || text === '' ? <None /> : text;
    },
    value: pick,
    ...more,
  };
}

export function yesNoColumn<Row>(
  id: string,
  title: string,
  pick: (row: Row) => boolean | null | undefined,
  more: More<Row> = {},
): Column<Row> {
  return {
    id,
    title,
    width: 84,
    cell: (row) => <YesNo value={pick(row)} />,
    value: pick,
    ...more,
  };
}

export function sizeColumn<Row extends { sizeGib: number | null }>(
  more: More<Row> = {},
): Column<Row> {
  return {
    id: 'size',
    title: 'Size',
    order: 'size',
    width: 88,
    isNumber: true,
    isNarrow: true,
    cell: (row) => formatGib(row.sizeGib),
    value: (row) => row.sizeGib,
    ...more,
  };
}

/** Another thing that a row belongs to, by its id where it could not be had. */
export function thingColumn<Row>(
  id: string,
  title: string,
  kind: string,
  pick: (row: Row) => {
    id: string | null | undefined;
    name: string | null | undefined;
  },
  more: More<Row> = {},
): Column<Row> {
  return {
    id,
    title,
    width: 130,
    cell: (row) => {
      const { id, name } = pick(row);
      return <Thing kind={kind} thing={id && name ? { id, name } : null} id={id ?? null} />;
    },
    value: (row) => {
      const { id, name } = pick(row);
      return name ?? id;
    },
    ...more,
  };
}

export function projectColumn<
  Row extends { projectId: string | null; project?: { name: string | null } | null },
>(more: More<Row> = {}): Column<Row> {
  return thingColumn(
    'project',
    'Project',
    'Project',
    (row) => ({ id: row.projectId, name: row.project?.name }),
    more,
  );
}

/** A time that something may not have yet. */
export function timeColumn<Row>(
  id: string,
  title: string,
  pick: (row: Row) => string | null | undefined,
  more: More<Row> = {},
): Column<Row> {
  return {
    id,
    title,
    width: 104,
    cell: (row) => {
      const time = pick(row);
      return time ? <Age time={time} /> : <None />;
    },
    value: pick,
    ...more,
  };
}

export function createdColumn<Row extends { createdAt: string | null }>(
  more: More<Row> = {},
): Column<Row> {
  return timeColumn('created', 'Created', (row) => row.createdAt, { order: 'created', ...more });
}

export function updatedColumn<Row extends { updatedAt: string | null }>(
  more: More<Row> = {},
): Column<Row> {
  return timeColumn('updated', 'Changed', (row) => row.updatedAt, { order: 'updated', ...more });
}

export function idColumn<Row extends { id: string }>(): Column<Row> {
  return {
    id: 'id',
    title: 'Id',
    width: 290,
    isExtra: true,
    cell: (row) => <code>{row.id}</code>,
    value: (row) => row.id,
  };
}
