// Numbers and times as people read them. What is not known is said to be unknown, never 0.

export const UNKNOWN = 'unknown';

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function formatCount(count: number | null | undefined): string {
  return count == null ? UNKNOWN : whole.format(count);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

function scaled(size: number, from: string): string {
  let unit = UNITS.indexOf(from);
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${number.format(size)} ${UNITS[unit] ?? from}`;
}

export function formatBytes(bytes: number | string | null | undefined): string {
  return bytes == null ? UNKNOWN : scaled(Number(bytes), 'B');
}

/** Less than a gibibyte as it is, more as gibibytes. */
export function formatMib(mib: number | null | undefined): string {
  if (mib == null) return UNKNOWN;
  return mib < 1024 ? `${number.format(mib)} MiB` : formatGib(mib / 1024);
}

/** As it is up to 100 TiB: what is compared is best told in one unit. */
export function formatGib(gib: number | null | undefined): string {
  if (gib == null) return UNKNOWN;
  return gib < 102_400 ? `${number.format(gib)} GiB` : scaled(gib, 'GiB');
}

export function formatPercent(percent: number | null | undefined): string {
  return percent == null ? UNKNOWN : `${number.format(percent)} %`;
}

/** `SHELVED_OFFLOADED` as `Shelved offloaded`. */
export function formatWord(word: string | null | undefined): string {
  if (!word) return UNKNOWN;
  const text = word.replaceAll('_', ' ').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'narrow' });

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** How long ago, as `3 min ago`. */
export function formatAge(time: string | null | undefined, now: number): string {
  if (!time) return UNKNOWN;
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  if (Number.isNaN(seconds)) return UNKNOWN;
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return Math.abs(seconds) < 5 ? 'just now' : relative.format(seconds, 'second');
}

/** The time itself, for those who compare it with a log. */
export function formatExact(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime())
    ? time
    : `${date.toISOString().replace('T', ' ').replace('.000Z', '')} UTC`.replace('Z UTC', ' UTC');
}

/** What Placement names after a unit, in that unit: its GB and MB are GiB and MiB. */
export function formatOfClass(
  resourceClass: string | null | undefined,
  amount: number | null | undefined,
): string {
  if (resourceClass?.endsWith('_GB')) return formatGib(amount);
  if (resourceClass?.endsWith('_MB')) return formatMib(amount);
  return formatCount(amount);
}

/** How many rows a list shows. While it has not been read nobody knows, and it is not 0. */
export function formatRows({
  count,
  total,
  hasMore,
  isRead,
}: {
  count: number;
  total: number | null | undefined;
  hasMore: boolean;
  isRead: boolean;
}): string {
  if (!isRead) return 'It is unknown how many rows there are.';
  if (total != null && total !== count)
    return `${whole.format(count)} of ${whole.format(total)} rows`;
  if (hasMore) return `${whole.format(count)} rows so far`;
  return count === 1 ? '1 row' : `${whole.format(count)} rows`;
}

export function shortId(id: string): string {
  return id.length > 12 ? id.slice(0, 8) : id;
}

/** What a thing is called, by its id when it has no name. */
export function nameOf(thing: { name?: string | null; id?: string | null }): string {
  return thing.name ? thing.name : thing.id ? shortId(thing.id) : UNKNOWN;
}

/** The ports of a rule: one, several, or any. */
export function portRange(min: number | null, max: number | null): string {
  if (min === null && max === null) return 'any';
  return min === max ? String(min) : `${min ?? ''}–${max ?? ''}`;
}
