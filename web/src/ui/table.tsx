import { type ColumnDef, getCoreRowModel, useReactTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, memo, useEffect, useMemo, useRef } from 'react';

import { formatRows } from '../lib/format';
import { useIsNarrow } from '../lib/media';
import { parseOrder, useListParameter, useParameter } from '../lib/url-state';
import { Icon } from './icon';
import { Menu } from './menu';

export interface Column<Row> {
  id: string;
  title: string;
  cell: (row: Row) => ReactNode;
  /** What is exported. */
  value: (row: Row) => string | number | boolean | null | undefined;
  /** The name of the order in the URL, where the server can order by it. */
  order?: string;
  /** In pixels; what is left goes to all in proportion. */
  width: number;
  isNumber?: boolean;
  /** Shown only when it is asked for. */
  isExtra?: boolean;
  /** Shown on a phone too. */
  isNarrow?: boolean;
}

/** The columns that are shown: as the URL says, else as fits. */
export function useColumns<Row>(columns: Column<Row>[], parameter = 'columns') {
  const [chosen, setChosen] = useListParameter(parameter);
  const isNarrow = useIsNarrow();
  const shown = useMemo(
    () =>
      columns.filter((column, index) => {
        if (index === 0) return true;
        if (chosen.length > 0) return chosen.includes(column.id);
        return isNarrow ? column.isNarrow : !column.isExtra;
      }),
    [columns, chosen, isNarrow],
  );
  return { shown, setChosen, isChosen: chosen.length > 0 };
}

export function ColumnMenu<Row>({
  columns,
  shown,
  setChosen,
  isChosen,
}: {
  columns: Column<Row>[];
  shown: Column<Row>[];
  setChosen: (ids: string[]) => void;
  isChosen: boolean;
}) {
  const ids = new Set(shown.map((column) => column.id));
  return (
    <Menu
      title="Choose columns"
      label={
        <>
          <Icon name="columns" />
          <span className="wide-only">Columns</span>
        </>
      }
    >
      {() => (
        <fieldset className="menu-list">
          <legend className="visually-hidden">Columns</legend>
          {columns.slice(1).map((column) => (
            <label key={column.id}>
              <input
                type="checkbox"
                checked={ids.has(column.id)}
                onChange={(event) => {
                  const next = new Set(ids);
                  if (event.target.checked) next.add(column.id);
                  else next.delete(column.id);
                  setChosen(columns.map((each) => each.id).filter((id) => next.has(id)));
                }}
              />
              {column.title}
            </label>
          ))}
          {isChosen ? (
            <button type="button" onClick={() => setChosen([])}>
              As at first
            </button>
          ) : null}
        </fieldset>
      )}
    </Menu>
  );
}

const ROW_HEIGHT = 34;
const NARROW_ROW_HEIGHT = 44;
/** The head, the foot, and a bar to scroll sideways. */
const FRAME = 72;

/** A table of any length: only the rows in sight are there. */
export function Table<Row extends { id: string }>({
  label,
  columns,
  rows,
  totalCount,
  look,
  isRead,
  isFetching = false,
  hasMore = false,
  empty,
  orderParameter = 'order',
}: {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  totalCount?: number | null;
  look?: (first: number, last: number) => void;
  /** Whether it is known which rows there are, even if there are none. */
  isRead: boolean;
  isFetching?: boolean;
  hasMore?: boolean;
  empty: ReactNode;
  orderParameter?: string;
}) {
  const isNarrow = useIsNarrow();
  const [orderText, setOrder] = useParameter(orderParameter);
  const order = parseOrder(orderText);
  const scroller = useRef<HTMLDivElement>(null);

  const definitions = useMemo(
    () =>
      columns.map((column): ColumnDef<Row> => ({
        id: column.id,
        header: column.title,
      })),
    [columns],
  );
  const table = useReactTable({
    data: rows,
    columns: definitions,
    getCoreRowModel: getCoreRowModel(),
    getRowId: (row) => row.id,
    manualSorting: true,
    manualFiltering: true,
  });
  const tableRows = table.getRowModel().rows;

  const height = isNarrow ? NARROW_ROW_HEIGHT : ROW_HEIGHT;
  const virtualizer = useVirtualizer({
    count: tableRows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 8,
    getItemKey: (index) => tableRows[index]?.id ?? index,
  });
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    look?.(first, last);
  }, [look, first, last, rows.length]);
  useEffect(() => virtualizer.measure(), [virtualizer, height]);

  const above = items[0]?.start ?? 0;
  const below = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  return (
    <div
      className="table-frame"
      // A short table ends with its rows.
      style={{ flexBasis: rows.length === 0 ? 320 : rows.length * height + FRAME }}
    >
      <div
        className="table-scroll"
        ref={scroller}
        role="region"
        aria-label={label}
        // It scrolls, so the keyboard has to get to it.
        tabIndex={0}
      >
        <table
          style={{ minWidth: isNarrow && columns.length <= 3 ? '100%' : width }}
          aria-rowcount={totalCount ?? (hasMore || !isRead ? -1 : rows.length + 1)}
        >
          <colgroup>
            {columns.map((column) => (
              <col key={column.id} style={{ width: `${(column.width / width) * 100}%` }} />
            ))}
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              {columns.map((column) => {
                const isOrder = column.order !== undefined && order?.field === column.order;
                return (
                  <th
                    key={column.id}
                    scope="col"
                    className={column.isNumber ? 'is-number' : undefined}
                    aria-sort={
                      isOrder ? (order.isDescending ? 'descending' : 'ascending') : undefined
                    }
                  >
                    {column.order === undefined ? (
                      column.title
                    ) : (
                      <button
                        type="button"
                        className="order"
                        onClick={() =>
                          setOrder(
                            !isOrder
                              ? (column.order ?? null)
                              : order.isDescending
                                ? null
                                : `-${column.order ?? ''}`,
                          )
                        }
                      >
                        {column.title}
                        {isOrder ? <Icon name={order.isDescending ? 'down' : 'up'} /> : null}
                      </button>
                    )}
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {above > 0 ? (
              <tr aria-hidden="true" className="pad">
                <td colSpan={columns.length} style={{ height: above }} />
              </tr>
            ) : null}
            {items.map((item) => {
              const row = tableRows[item.index];
              return row ? (
                <Line
                  key={row.id}
                  row={row.original}
                  columns={columns}
                  index={item.index}
                  height={height}
                />
              ) : null;
            })}
            {below > 0 ? (
              <tr aria-hidden="true" className="pad">
                <td colSpan={columns.length} style={{ height: below }} />
              </tr>
            ) : null}
          </tbody>
        </table>
        {rows.length === 0 && (isRead || !isFetching) ? <div className="empty">{empty}</div> : null}
        {!isRead && isFetching ? (
          <div className="skeleton" role="status" aria-label="Loading">
            {Array.from({ length: 8 }, (_, index) => (
              <span key={index} />
            ))}
          </div>
        ) : null}
      </div>
      <div className="table-foot" role="status">
        {isRead || !isFetching
          ? formatRows({ count: rows.length, total: totalCount, hasMore, isRead })
          : 'Asking…'}
        {isFetching && isRead ? <span className="muted"> · asking…</span> : null}
      </div>
    </div>
  );
}

/** A row is drawn again only when it has changed, not for each pixel that one scrolls. */
const Line = memo(function Line<Row>({
  row,
  index,
  height,
  columns,
}: {
  row: Row;
  index: number;
  height: number;
  columns: Column<Row>[];
}) {
  return (
    <tr aria-rowindex={index + 2} style={{ height }}>
      {columns.map((column, place) => {
        const className = column.isNumber ? 'is-number' : undefined;
        return place === 0 ? (
          <th key={column.id} scope="row" className={className}>
            {column.cell(row)}
          </th>
        ) : (
          <td key={column.id} className={className}>
            {column.cell(row)}
          </td>
        );
      })}
    </tr>
  );
}) as <Row>(props: {
  row: Row;
  index: number;
  height: number;
  columns: Column<Row>[];
}) => ReactNode;

/** A short list inside a view, all of which is there. */
export function Rows<Row>({
  label,
  columns,
  rows,
  empty,
  isCut = false,
}: {
  label: string;
  columns: { title: string; cell: (row: Row) => ReactNode; isNumber?: boolean }[];
  rows: Row[] | null | undefined;
  empty: string;
  /** Whether the server has more than these. */
  isCut?: boolean;
}) {
  if (!rows) return <p className="empty">Could not be read.</p>;
  if (rows.length === 0) return <p className="empty">{empty}</p>;
  return (
    <div className="rows-scroll" role="region" aria-label={label} tabIndex={0}>
      <table className="rows">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" className={column.isNumber ? 'is-number' : ''}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {columns.map((column) => (
                <td key={column.title} className={column.isNumber ? 'is-number' : ''}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {isCut ? <p className="cut">The first {rows.length}; there are more.</p> : null}
    </div>
  );
}
