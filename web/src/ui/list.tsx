import type { ReactNode } from 'react';
import type { AnyVariables, TypedDocumentNode } from 'urql';

import { type Connection, usePages } from '../lib/pages';
import { parseOrder, useParameter } from '../lib/url-state';
import { type Column, ColumnMenu, Table, useColumns } from './table';
import { View } from './view';

/** The order of the URL in the words of the graph, when there is such an order. */
export function useOrder<Field extends string>(
  orders: Record<string, Field>,
): { field: Field; direction: 'ASC' | 'DESC' } | null {
  const [text] = useParameter('order');
  const order = parseOrder(text);
  const field = order ? orders[order.field] : undefined;
  return field ? { field, direction: order?.isDescending ? 'DESC' : 'ASC' } : null;
}

/** A view that is a list: filters, a table, and everything that comes with a view. */
export function ListView<Data, Variables extends AnyVariables, Row extends { id: string }>({
  title,
  above,
  filters,
  document,
  variables,
  connection,
  columns,
  fileName,
  empty,
}: {
  title: string;
  /** What stands between the title and the filters, as tabs. */
  above?: ReactNode;
  filters?: ReactNode;
  document: TypedDocumentNode<Data, Variables>;
  variables: Record<string, unknown>;
  connection: (data: Data) => Connection<Row> | null | undefined;
  columns: Column<Row>[];
  fileName: string;
  empty: string;
}) {
  const { shown, setChosen, isChosen } = useColumns(columns);
  const pages = usePages({ document, variables, connection });
  return (
    <View<Row>
      title={title}
      className="is-table"
      freshness={pages}
      error={pages.error}
      shown={{
        document,
        variables,
        table: { name: fileName, columns: shown, rows: pages.rows, isPart: pages.hasMore },
      }}
      actions={
        <ColumnMenu columns={columns} shown={shown} setChosen={setChosen} isChosen={isChosen} />
      }
    >
      {above}
      {filters}
      <Table
        label={title}
        columns={shown}
        rows={pages.rows}
        totalCount={pages.totalCount}
        hasMore={pages.hasMore}
        isFetching={pages.isFetching}
        look={pages.look}
        empty={
          pages.error && !(pages.first && connection(pages.first))
            ? 'They could not be read. The notice above says why.'
            : empty
        }
      />
    </View>
  );
}
