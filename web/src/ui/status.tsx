import { formatWord } from '../lib/format';
import { type Tone, toneOf } from '../lib/status';

/** A shape for each tone, so that nobody needs the colour. */
function Glyph({ tone }: { tone: Tone }) {
  const shapes: Record<Tone, React.ReactNode> = {
    ok: <circle cx="6" cy="6" r="4" fill="currentColor" />,
    busy: (
      <path
        d="M6 1.5a4.5 4.5 0 1 1-4.5 4.5"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
      />
    ),
    warn: <path d="M6 1.2 11.4 10.8H.6Z" fill="currentColor" />,
    bad: (
      <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" strokeWidth="2.6" strokeLinecap="round" />
    ),
    off: <circle cx="6" cy="6" r="3.4" fill="none" stroke="currentColor" strokeWidth="1.8" />,
    unknown: <path d="M2 6h8" stroke="currentColor" strokeWidth="2.2" strokeDasharray="2 2" />,
  };
  return (
    <svg className="glyph" viewBox="0 0 12 12" aria-hidden="true">
      {shapes[tone]}
    </svg>
  );
}

/** A status in its colour, with its shape and its word. */
export function Status({
  status,
  detail,
  tone,
}: {
  status: string | null | undefined;
  /** What is under way, as Nova's task state. */
  detail?: string | null | undefined;
  tone?: Tone;
}) {
  const shown = tone ?? (detail ? 'busy' : toneOf(status));
  return (
    <span className={`status tone-${shown}`} title={status ?? undefined}>
      <Glyph tone={shown} />
      <span>{formatWord(status)}</span>
      {detail ? <span className="muted">{detail.replaceAll('_', ' ')}</span> : null}
    </span>
  );
}

/** Yes or no, where no is not bad; null is unknown. */
export function YesNo({ value }: { value: boolean | null | undefined }) {
  return <>{value == null ? <Unknown /> : value ? 'Yes' : 'No'}</>;
}

export function Unknown() {
  return <span className="muted">unknown</span>;
}

export function None() {
  return (
    <span className="muted" aria-label="none">
      –
    </span>
  );
}
