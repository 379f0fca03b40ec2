import { type ReactNode, useEffect, useState } from 'react';

import { useIsNarrow } from '../lib/media';
import { useParameter } from '../lib/url-state';

/** A text to look for, which goes to the server when one stops typing. */
export function SearchBox({ parameter = 'q', label }: { parameter?: string; label: string }) {
  const [value, setValue] = useParameter(parameter);
  const [text, setText] = useState(value);
  const [shown, setShown] = useState(value);
  // What changes elsewhere, as by going back, shows here.
  if (shown !== value) {
    setShown(value);
    setText(value);
  }
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => setValue(text.trim() || null), 300);
    return () => clearTimeout(timer);
  }, [text, value, setValue]);
  return (
    <input
      type="search"
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  );
}

export interface Choice {
  value: string;
  label: string;
}

/** One of several values, or any. */
export function Choose({
  parameter,
  label,
  any = label,
  choices,
}: {
  parameter: string;
  label: string;
  /** What is read when nothing is chosen. */
  any?: string;
  choices: Choice[];
}) {
  const [value, setValue] = useParameter(parameter);
  const isKnown = value === '' || choices.some((choice) => choice.value === value);
  return (
    <select
      aria-label={label}
      className={value ? 'is-set' : ''}
      value={value}
      onChange={(event) => setValue(event.target.value || null)}
    >
      <option value="">{any}</option>
      {isKnown ? null : <option value={value}>{value}</option>}
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.label}
        </option>
      ))}
    </select>
  );
}

/** A search, and choices beside it; on a phone the choices are folded away. */
export function Filters({ search, children }: { search?: ReactNode; children?: ReactNode }) {
  const isNarrow = useIsNarrow();
  return (
    <div className="filters" role="group" aria-label="Filters">
      {search}
      {isNarrow && children ? (
        <details>
          <summary>Filters</summary>
          <div>{children}</div>
        </details>
      ) : (
        children
      )}
    </div>
  );
}

/** Names of an enum as choices, in words. */
export function wordChoices(words: readonly string[]): Choice[] {
  return words.map((word) => {
    const text = word.replaceAll('_', ' ').toLowerCase();
    return { value: word, label: text.charAt(0).toUpperCase() + text.slice(1) };
  });
}

/** Things as choices, by name. */
export function thingChoices(
  things: readonly { id: string; name: string | null }[] | null | undefined,
): Choice[] {
  return (things ?? [])
    .map((thing) => ({ value: thing.id, label: thing.name ?? thing.id }))
    .sort((one, other) => one.label.localeCompare(other.label));
}
