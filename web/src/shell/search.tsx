import { useEffect, useRef, useState } from 'react';

import { graphql } from '../graphql/graphql';
import { troublesOf } from '../lib/errors';
import { nameOf } from '../lib/format';
import { kindOfSearch, kindTitle, pathOf } from '../lib/kinds';
import { useLive } from '../lib/live';
import { useCloudName, useGoTo } from '../lib/url-state';
import { Icon } from '../ui/icon';

const SEARCH = graphql(`
  query Search($cloud: String, $term: String!) {
    cloud(name: $cloud) {
      search(term: $term, first: 5) {
        totalCount
        cutKinds
        hits {
          kind
          id
          name
          matched
          isExact
        }
      }
    }
  }
`);

/** Finds anything by name, id or address. `/` gets here from anywhere. */
export function Search() {
  const [text, setText] = useState('');
  const [term, setTerm] = useState('');
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const root = useRef<HTMLDivElement>(null);
  const cloud = useCloudName();
  const goTo = useGoTo();

  useEffect(() => {
    const timer = setTimeout(() => setTerm(text.trim()), 250);
    return () => clearTimeout(timer);
  }, [text]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
      if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        input.current?.focus();
      }
    };
    const onPointer = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('keydown', onKey);
    document.addEventListener('pointerdown', onPointer);
    return () => {
      document.removeEventListener('keydown', onKey);
      document.removeEventListener('pointerdown', onPointer);
    };
  }, []);

  const isAsking = isOpen && term.length > 1;
  const { data, error, isFetching } = useLive(
    SEARCH,
    { cloud, term },
    { isOnce: true, isPaused: !isAsking },
  );
  const result = isAsking ? data?.cloud?.search : undefined;
  const hits = result?.hits ?? [];

  const open = (index: number) => {
    const hit = hits[index];
    const path = hit && pathOf(kindOfSearch(hit.kind), hit.id);
    if (!path) return;
    setOpen(false);
    setText('');
    goTo(path);
  };

  return (
    <div className="search" ref={root} role="search">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        role="combobox"
        aria-expanded={isAsking}
        aria-controls="search-hits"
        aria-autocomplete="list"
        aria-activedescendant={isAsking && hits.length > 0 ? `hit-${active}` : undefined}
        aria-label="Find anything by name, id or address"
        placeholder="Find anything  /"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setActive(Math.min(active + 1, hits.length - 1));
          else if (event.key === 'ArrowUp') setActive(Math.max(active - 1, 0));
          else if (event.key === 'Enter') open(active);
          else if (event.key === 'Escape') setOpen(false);
          else return;
          event.preventDefault();
        }}
      />
      <div className="search-panel" hidden={!isAsking}>
        <ul id="search-hits" role="listbox" aria-label="What was found">
          {hits.map((hit, index) => (
            <li
              key={`${hit.kind}-${hit.id}`}
              id={`hit-${index}`}
              role="option"
              aria-selected={index === active}
              onPointerEnter={() => setActive(index)}
              onClick={() => open(index)}
            >
              <span className="hit-kind">{kindTitle(kindOfSearch(hit.kind))}</span>
              <span className="hit-name" title={nameOf(hit)}>
                {nameOf(hit)}
              </span>
              {/* The name is there already. */}
              <span className="muted">{hit.matched === hit.name ? null : hit.matched}</span>
            </li>
          ))}
        </ul>
        <p className="muted" role="status">
          {isFetching && hits.length === 0
            ? 'Looking…'
            : hits.length === 0
              ? 'Nothing was found.'
              : `${result?.totalCount ?? hits.length} found${(result?.cutKinds.length ?? 0) > 0 ? ', the first of each kind shown' : ''}.`}
          {error ? ` ${troublesOf(error)[0]?.message ?? ''}` : ''}
        </p>
      </div>
    </div>
  );
}
