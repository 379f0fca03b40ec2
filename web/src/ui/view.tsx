import { type ReactNode, useEffect, useState } from 'react';
import type { CombinedError } from 'urql';

import { type ExportColumn, download, toCsv, toJson, toQuery } from '../lib/export';
import { formatAge, formatExact } from '../lib/format';
import { useNow } from '../lib/clock';
import type { Freshness } from '../lib/live';
import { PACES, type Pace, secondsOf, setPace, usePace } from '../lib/pace';
import { Icon } from './icon';
import { Menu } from './menu';
import { Troubles } from './trouble';

/** What a view shows, in a form that can be taken along. */
export interface Shown<Row = never> {
  document: unknown;
  variables: Record<string, unknown>;
  table?: {
    /** The name of the file, without its ending. */
    name: string;
    columns: ExportColumn<Row>[];
    rows: Row[];
    /** Whether there are more rows than have been read. */
    isPart: boolean;
  };
}

/** A view: its title, how current it is, what is missing, and what it is about. */
export function View<Row>({
  title,
  subtitle,
  crumbs,
  actions,
  freshness,
  error,
  shown,
  className = '',
  children,
}: {
  title: ReactNode;
  /** What the tab is called; the title when that is text. */
  subtitle?: ReactNode;
  crumbs?: ReactNode;
  actions?: ReactNode;
  freshness: Freshness;
  error: CombinedError | undefined;
  shown: Shown<Row>;
  className?: string;
  children: ReactNode;
}) {
  const tab = typeof title === 'string' ? title : 'Resource';
  useEffect(() => {
    document.title = `${tab} · OpenStack Ops`;
  }, [tab]);
  return (
    <div className={`view ${className}`}>
      <header className="view-head">
        <div className="view-title">
          {crumbs ? <nav aria-label="Where this is">{crumbs}</nav> : null}
          <h1>{title}</h1>
          {subtitle ? <p className="muted">{subtitle}</p> : null}
        </div>
        <div className="view-tools">
          {actions}
          <TakeAlong shown={shown} />
          <Fresh freshness={freshness} hasFailed={error !== undefined} />
        </div>
      </header>
      <Troubles error={error} />
      {children}
    </div>
  );
}

function paceTitle(pace: Pace): string {
  if (pace === 'auto') return 'auto';
  if (pace === 0) return 'paused';
  return pace < 60 ? `every ${pace} s` : 'every min';
}

/** The age of the data, how it is kept current, and a button to ask now. */
function Fresh({ freshness, hasFailed }: { freshness: Freshness; hasFailed: boolean }) {
  const now = useNow();
  const pace = usePace();
  const { asOf, isFetching, isTold, refresh, upstreamCalls } = freshness;
  const seconds = secondsOf(pace, isTold);
  const time = asOf === null ? null : new Date(asOf).toISOString();
  const age = time === null ? 'no data yet' : formatAge(time, Math.max(now, asOf ?? 0));
  const isOld = asOf !== null && seconds > 0 && now - asOf > Math.max(seconds * 3000, 30_000);
  return (
    <div className="fresh">
      {isTold ? (
        <span
          className="fresh-live"
          title={`Changes show as they are seen; everything else is asked for every ${seconds} s`}
        >
          live
        </span>
      ) : null}
      <span
        className={`fresh-age ${isOld || (hasFailed && asOf === null) ? 'is-old' : ''}`}
        title={
          time === null
            ? 'Nothing was had yet'
            : `Data of ${formatExact(time)}${upstreamCalls === null ? '' : `, had with ${upstreamCalls} upstream calls`}`
        }
      >
        <span className="visually-hidden">Data: </span>
        {age}
      </span>
      <label className="visually-hidden" htmlFor="pace">
        Ask again every
      </label>
      <select
        id="pace"
        value={pace}
        title={
          pace === 'auto'
            ? `This view asks again every ${seconds} s while it is visible${isTold ? ', and is told of changes' : ''}`
            : 'How often this view asks again while it is visible'
        }
        onChange={(event) =>
          setPace(PACES.find((each) => String(each) === event.target.value) ?? 'auto')
        }
      >
        {PACES.map((each) => (
          <option key={each} value={each}>
            {paceTitle(each)}
          </option>
        ))}
      </select>
      <button
        type="button"
        className={`button icon-only ${isFetching ? 'is-busy' : ''}`}
        title="Ask now"
        aria-label="Refresh"
        onClick={refresh}
      >
        <Icon name="refresh" />
      </button>
    </div>
  );
}

/** CSV, JSON, and the query. */
function TakeAlong<Row>({ shown }: { shown: Shown<Row> }) {
  const [isCopied, setCopied] = useState(false);
  const { table } = shown;
  const query = () => toQuery(shown.document, shown.variables);
  return (
    <Menu
      title="Export what is shown"
      label={
        <>
          <Icon name="download" />
          <span className="wide-only">Export</span>
        </>
      }
    >
      {(close) => (
        <ul className="menu-list">
          {table ? (
            <>
              <li>
                <button
                  type="button"
                  onClick={() => {
                    download(`${table.name}.csv`, 'text/csv', toCsv(table.columns, table.rows));
                    close();
                  }}
                >
                  Rows as CSV
                </button>
              </li>
              <li>
                <button
                  type="button"
                  onClick={() => {
                    const text = toJson(table.columns, table.rows);
                    download(`${table.name}.json`, 'application/json', text);
                    close();
                  }}
                >
                  Rows as JSON
                </button>
              </li>
              {table.isPart ? (
                <li className="menu-note">
                  The {table.rows.length} rows read so far. Scroll on for more.
                </li>
              ) : null}
            </>
          ) : null}
          <li>
            <button
              type="button"
              onClick={() => {
                void navigator.clipboard.writeText(query()).then(() => {
                  setCopied(true);
                  setTimeout(() => setCopied(false), 2000);
                });
              }}
            >
              {isCopied ? 'Copied' : 'Copy as GraphQL query'}
            </button>
          </li>
          <li>
            <a href={`/graphiql#query=${encodeURIComponent(query())}`}>Open in GraphiQL</a>
          </li>
        </ul>
      )}
    </Menu>
  );
}

export function Card({
  title,
  aside,
  className = '',
  children,
}: {
  title: ReactNode;
  aside?: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  return (
    <section className={`card ${className}`}>
      <header>
        <h2>{title}</h2>
        {aside ? <div className="card-aside">{aside}</div> : null}
      </header>
      {children}
    </section>
  );
}

/** Names and values, one below the other. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
