import { formatPercent } from '../lib/format';
import { type Tone, toneOfPercent } from '../lib/status';

/** A bar alone: what it says stands beside it, or is its label. */
export function Meter({
  percent,
  label,
  tone = toneOfPercent(percent),
}: {
  percent: number | null | undefined;
  label: string;
  tone?: Tone;
}) {
  const part = Math.min(100, percent ?? 0);
  return (
    <span
      className={`bar tone-${tone}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(part)}
      aria-valuetext={formatPercent(percent)}
    >
      <span style={{ width: `${part}%` }} />
    </span>
  );
}

/** How full something is, in percent. */
export function PercentBar({
  percent,
  label,
}: {
  percent: number | null | undefined;
  label: string;
}) {
  return (
    <span className="bar-with-text">
      <Meter percent={percent} label={label} />
      <span className="bar-text">{formatPercent(percent)}</span>
    </span>
  );
}

/** How full something is: a bar, and the numbers. */
export function Bar({
  used,
  total,
  percent,
  format,
  label,
}: {
  used: number | null | undefined;
  total: number | null | undefined;
  percent?: number | null | undefined;
  format: (value: number | null | undefined) => string;
  label: string;
}) {
  const part =
    percent ?? (used != null && total != null && total > 0 ? (used / total) * 100 : null);
  return (
    <span className="bar-with-text">
      <Meter percent={part} label={label} />
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
