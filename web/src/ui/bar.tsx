import { formatPercent } from '../lib/format';
import { type Tone, toneOfPercent } from '../lib/status';

/** How full something is: a bar, the numbers, and the percentage as a word for those who see neither. */
export function Bar({
  used,
  total,
  percent,
  format,
  label,
  tone,
}: {
  used: number | null | undefined;
  total: number | null | undefined;
  percent?: number | null | undefined;
  format: (value: number | null | undefined) => string;
  label: string;
  tone?: Tone;
}) {
  const part =
    percent ?? (used != null && total != null && total > 0 ? (used / total) * 100 : null);
  const shown = tone ?? toneOfPercent(part);
  return (
    <span className="bar-with-text">
      <span
        className={`bar tone-${shown}`}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={part == null ? 0 : Math.round(Math.min(100, part))}
        aria-valuetext={part == null ? 'unknown' : formatPercent(part)}
      >
        <span style={{ width: `${Math.min(100, part ?? 0)}%` }} />
      </span>
      <span className="bar-text">
        {used == null && total == null ? (
          'unknown'
        ) : (
          <>
            {format(used)} <span className="muted">of {format(total)}</span>
          </>
        )}
      </span>
    </span>
  );
}

/** A quota: used and reserved of the limit. Without a limit there is nothing to draw. */
export function QuotaBar({
  quota,
  format,
  label,
}: {
  quota: { limit: number | null; used: number | null; reserved?: number | null } | null | undefined;
  format: (value: number | null | undefined) => string;
  label: string;
}) {
  const used =
    quota?.used == null ? null : quota.used + (quota.reserved == null ? 0 : quota.reserved);
  if (quota && quota.limit === null) {
    return (
      <span className="bar-with-text">
        <span className="bar-text">
          {format(used)} <span className="muted">of no limit</span>
        </span>
      </span>
    );
  }
  return <Bar used={used} total={quota?.limit} format={format} label={label} />;
}
