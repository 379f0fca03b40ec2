// A list that is read a page at a time as one scrolls, and kept current where one looks.

import type { AnyVariables, CombinedError, TypedDocumentNode } from 'urql';
import { stringifyVariables } from 'urql';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import { client } from '../graphql/client';
import { useTick } from './clock';
import { useFollow } from './follow';
import { type Freshness, billOf } from './live';
import { secondsOf, usePace } from './pace';
import { type Patches, NO_PATCHES, patched, withPatch } from './patches';
import { type Watch, useWatches } from './watch';

/** What every connection of the graph has. */
export interface Connection<Row> {
  nodes: Row[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  totalCount?: number | null;
}

interface Page<Data, Row> {
  data: Data;
  connection: Connection<Row> | null;
  error: CombinedError | undefined;
  asOf: number;
}

export interface Paged<Data, Row> extends Freshness {
  rows: Row[];
  /** The answer with the first page, which may carry more than rows. */
  first: Data | undefined;
  error: CombinedError | undefined;
  totalCount: number | null;
  hasMore: boolean;
  /** Tells which rows are looked at: the next page is asked for when they near the end. */
  look: (firstIndex: number, lastIndex: number) => void;
}

export interface PagedOptions<Data, Variables extends AnyVariables, Row> {
  document: TypedDocumentNode<Data, Variables>;
  /** Everything but the cursor, and what is asked with the first page alone. */
  variables: Record<string, unknown>;
  /** Variables that the first page alone is asked with; they are false for the others. */
  withFirst?: Record<string, boolean>;
  connection: (data: Data) => Connection<Row> | null | undefined;
  /** Not asked at all for now. */
  isPaused?: boolean;
  /** What is told of rows as they change. */
  watches?: readonly Watch[];
}

/** How near the end the next page is asked for, in rows. */
const AHEAD = 300;
/** A changed row shows at once. Its place and its like are asked for after this, in milliseconds. */
const CATCH_UP = 5000;
const NOTHING_WATCHED: readonly Watch[] = [];

export function usePages<Data, Variables extends AnyVariables, Row extends { id: string }>({
  document,
  variables,
  withFirst = {},
  connection,
  isPaused = false,
  watches = NOTHING_WATCHED,
}: PagedOptions<Data, Variables, Row>): Paged<Data, Row> {
  const key = stringifyVariables(variables);
  const [state, setState] = useState<{
    key: string;
    pages: Page<Data, Row>[];
    error: CombinedError | undefined;
    isFetching: boolean;
    upstreamCalls: number | null;
    /** Which page was asked for last. */
    asked: number;
  }>({ key, pages: [], error: undefined, isFetching: true, upstreamCalls: null, asked: 0 });
  // What was told of other rows than these counts no longer.
  const [told, setTold] = useState<{ key: string; patches: Patches }>({ key, patches: NO_PATCHES });
  const patches = told.key === key ? told.patches : NO_PATCHES;
  const isCurrent = state.key === key;
  const live = useRef({ key, pages: state.pages, busy: false, generation: 0, look: [0, 0] });
  const latest = useRef({ document, variables, withFirst, connection });
  useEffect(() => {
    latest.current = { document, variables, withFirst, connection };
  });

  /** Asks for one page, the first without a cursor. */
  const ask = useCallback((index: number, force = false) => {
    const self = live.current;
    if (self.busy && !force) return;
    const before = self.pages[index - 1];
    const after = before?.connection?.pageInfo.endCursor ?? null;
    if (index > 0 && after === null) return;
    self.busy = true;
    const generation = ++self.generation;
    const { document, variables, withFirst, connection } = latest.current;
    const extras = Object.entries(withFirst).map(([name, value]) => [name, index === 0 && value]);
    setState((state) => ({ ...state, isFetching: true }));
    void client
      .query(document, {
        ...variables,
        ...(Object.fromEntries(extras) as Record<string, boolean>),
        after,
      } as unknown as Variables)
      .toPromise()
      .then((result) => {
        if (generation !== self.generation) return;
        self.busy = false;
        const bill = billOf(result.extensions);
        if (result.data) {
          const had = connection(result.data) ?? null;
          const page: Page<Data, Row> = {
            data: result.data,
            connection: had,
            error: result.error,
            asOf: bill.asOf,
          };
          // The pages behind a page that changed its end can still be shown: their cursors hold.
          self.pages = [...self.pages.slice(0, index), page, ...self.pages.slice(index + 1)];
          if (!had?.pageInfo.hasNextPage) self.pages = self.pages.slice(0, index + 1);
        }
        setState({
          key: self.key,
          pages: self.pages,
          error: result.error,
          isFetching: false,
          upstreamCalls: bill.upstreamCalls,
          asked: index,
        });
      });
  }, []);

  useEffect(() => {
    const self = live.current;
    self.key = key;
    self.pages = [];
    self.look = [0, 0];
    if (!isPaused) ask(0, true);
    return () => {
      self.generation += 1;
      self.busy = false;
    };
  }, [key, isPaused, ask]);

  const pages = useMemo(() => (isCurrent ? state.pages : []), [isCurrent, state.pages]);

  // A row that moved while pages were read may be on two of them.
  const rows = useMemo(() => {
    const [first] = pages;
    if (first && pages.length === 1) {
      return patched(first.connection?.nodes ?? [], first.asOf, patches);
    }
    const seen = new Map<string, Row>();
    for (const page of pages) {
      const rows = patched(page.connection?.nodes ?? [], page.asOf, patches);
      for (const row of rows) seen.set(row.id, row);
    }
    return [...seen.values()];
  }, [pages, patches]);

  const pageAt = useCallback((index: number): number => {
    let end = 0;
    const { pages } = live.current;
    for (const [place, page] of pages.entries()) {
      end += page.connection?.nodes.length ?? 0;
      if (index < end) return place;
    }
    return Math.max(0, pages.length - 1);
  }, []);

  const look = useCallback(
    (firstIndex: number, lastIndex: number) => {
      const self = live.current;
      self.look = [firstIndex, lastIndex];
      const last = self.pages.at(-1);
      const loaded = self.pages.reduce(
        (sum, page) => sum + (page.connection?.nodes.length ?? 0),
        0,
      );
      if (last?.connection?.pageInfo.hasNextPage && lastIndex + AHEAD >= loaded) {
        ask(self.pages.length);
      }
    },
    [ask],
  );

  const refresh = useCallback(
    (force: boolean) => ask(pageAt(live.current.look[0] ?? 0), force),
    [ask, pageAt],
  );
  const last = pages.at(-1)?.connection;
  const asOf = pages.length > 0 ? Math.min(...pages.map((page) => page.asOf)) : null;
  // The page that one looks at is the one that is asked for again.
  const follow = useFollow(pages, pages[state.asked]?.asOf ?? null, () => refresh(false), CATCH_UP);
  const isListening = !isPaused && pages.length > 0;
  const isTold = useWatches(isListening ? watches : NOTHING_WATCHED, (change) => {
    if (change) {
      setTold((before) => ({
        key,
        patches: withPatch(before.key === key ? before.patches : NO_PATCHES, change),
      }));
    }
    follow(change ? Date.parse(change.seenAt) : Date.now());
  });
  const seconds = secondsOf(usePace(), isTold);
  useTick(isPaused ? 0 : seconds, () => refresh(false));

  return {
    rows,
    first: pages[0]?.data,
    error: isCurrent ? state.error : undefined,
    totalCount: pages[0]?.connection?.totalCount ?? null,
    hasMore: last?.pageInfo.hasNextPage ?? false,
    look,
    asOf,
    isTold,
    isFetching: isCurrent ? state.isFetching : true,
    upstreamCalls: isCurrent ? state.upstreamCalls : null,
    refresh: useCallback(() => refresh(true), [refresh]),
  };
}
