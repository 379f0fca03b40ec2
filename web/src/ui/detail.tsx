import type { ReactNode } from 'react';

import type { Live } from '../lib/live';
import { Go } from './link';
import { Loading, Missing } from './trouble';
import { Card, View } from './view';

/** A view of one thing: while it is asked for, when it could not be had, and when it is not there. */
export function DetailView<Data, Node>({
  what,
  id,
  title,
  list,
  live,
  node,
  shown,
  children,
}: {
  /** What kind of thing it is, as `server`. */
  what: string;
  id: string;
  /** What it is called, once that is known. */
  title: string | null | undefined;
  /** The list it is in. */
  list: { title: string; path: string };
  live: Live<Data>;
  node: Node | null | undefined;
  shown: { document: unknown; variables: Record<string, unknown> };
  children: (node: Node) => ReactNode;
}) {
  const kind = what.charAt(0).toUpperCase() + what.slice(1);
  return (
    <View
      title={title ?? kind}
      subtitle={<code>{id}</code>}
      crumbs={<Go to={list.path}>{list.title}</Go>}
      freshness={live}
      error={live.error}
      shown={shown}
    >
      {node ? (
        children(node)
      ) : live.isFetching ? (
        <Card title={kind}>
          <Loading lines={12} />
        </Card>
      ) : live.error ? (
        <Missing what={`The ${what}`} />
      ) : (
        <p className="empty">There is no {what} with this id in this cloud.</p>
      )}
    </View>
  );
}
