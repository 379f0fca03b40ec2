import type { ReactNode } from 'react';
import type { AnyVariables, TypedDocumentNode } from 'urql';

import { type Connection, usePages } from '../lib/pages';
import { parseOrder, useClearFilters, useCloudName, useParameter } from '../lib/url-state';
import type { Watch } from '../lib/watch';
import { Filters, SearchBox } from './filters';
import { type Column, ColumnMenu, Table, useColumns } from './table';
import { View } from './view';

/** The order of the URL in the words of the graph, when there is such an order. */
function useOrder(
  orders: Readonly<Record<string, string>>,
): { field: string; direction: 'ASC' | 'DESC' } | null {
  const [text] = useParameter('order');
  const order = parseOrder(text);
  const field = order ? orders[order.field] : undefined;
  return field ? { field, direction: order?.isDescending ? 'DESC' : 'ASC' } : null;
}

const nameContains = (term: string) => ({ nameContains: term });

/** What is asked for, but for the page. */
export interface Asked {
  [name: string]: unknown;
  cloud: string | null;
  filter: Record<string, unknown> | null;
}

export interface ListProps<Data, Variables extends AnyVariables, Row> {
  title: string;
  /** What a row is called, as `floating IP`. */
  one: string;
  /** What stands between the title and the filters. */
  tabs?: ReactNode;
  document: TypedDocumentNode<Data, Variables>;
  connection: (data: Data) => Connection<Row> | null | undefined;
  columns: Column<Row>[];
  /** Names of orders in the URL, and the graph's. */
  orders?: Readonly<Record<string, string>>;
  /** Rows that are asked for at once. */
  pageSize: number;
  /** What the URL asks for, but for the text that is looked for. */
  filter?: Record<string, unknown>;
  /** What the text that is looked for means; the name contains it unless given. */
  search?: { label: string; filter: (term: string) => Record<string, unknown> } | null;
  /** Filters beside the search, which may need what came with the first page. */
  choices?: (first: Data | undefined) => ReactNode;
  /** Variables for the columns that are shown. */
  forColumns?: (isShown: (id: string) => boolean) => Record<string, boolean>;
  /** Variables that the first page alone is asked with; they are false for the others. */
  withFirst?: Record<string, boolean>;
  /** Not asked at all for now. */
  isPaused?: boolean;
  /** What is told of these rows as they change. */
  watches?: (asked: Asked) => Watch[];
}

/** A view that is a list: filters, a table, and everything that comes with a view. */
export function ListView<Data, Variables extends AnyVariables, Row extends { id: string }>({
  title,
  one,
  tabs,
  document,
  connection,
  columns,
  orders = {},
  pageSize,
  filter = {},
  search = { label: 'Name', filter: nameContains },
  choices,
  forColumns,
  withFirst = {},
  isPaused = false,
  watches,
}: ListProps<Data, Variables, Row>) {
  const cloud = useCloudName();
  const [term] = useParameter('q');
  const orderBy = useOrder(orders);
  const clearFilters = useClearFilters();
  const { shown, setChosen, isChosen } = useColumns(columns);

  const wanted = { ...filter, ...(term && search ? search.filter(term) : {}) };
  const isFiltered = Object.keys(wanted).length > 0;
  const isShown = (id: string) => shown.some((column) => column.id === id);
  const asked: Asked = {
    cloud,
    filter: isFiltered ? wanted : null,
    ...forColumns?.(isShown),
  };
  const variables = { ...asked, first: pageSize, orderBy };
  const pages = usePages({
    document,
    variables,
    withFirst,
    connection,
    isPaused,
    ...(watches ? { watches: watches(asked) } : {}),
  });
  const isRead = Boolean(pages.first && connection(pages.first));
  const others = Object.fromEntries(Object.keys(withFirst).map((name) => [name, false]));
  return (
    <View<Row>
      title={title}
      className="is-table"
      freshness={pages}
      error={pages.error}
      shown={{
        document,
        variables: { ...variables, ...others },
        table: {
          name: title.toLowerCase().replaceAll(' ', '-'),
          columns: shown,
          rows: pages.rows,
          isPart: pages.hasMore,
        },
      }}
      actions={
        <ColumnMenu columns={columns} shown={shown} setChosen={setChosen} isChosen={isChosen} />
      }
    >
      {tabs}
      <Filters search={search ? <SearchBox label={search.label} /> : null}>
        {choices?.(pages.first)}
      </Filters>
      <Table
        label={title}
        columns={shown}
        rows={pages.rows}
        totalCount={pages.totalCount}
        hasMore={pages.hasMore}
        isRead={isRead}
        isFetching={pages.isFetching}
        look={pages.look}
        empty={
          !isRead && pages.error ? (
            'They could not be read. The notice above says why.'
          ) : isFiltered ? (
            <>
              <p>No {one} is like that.</p>
              <button type="button" className="button" onClick={clearFilters}>
                Clear the filters
              </button>
            </>
          ) : (
            `There is no ${one}.`
          )
        }
      />
    </View>
  );
}
