import { formatAge, formatExact } from '../lib/format';
import { useNow } from '../lib/clock';
import { Unknown } from './status';

/** How long ago, with the exact time on hover. */
export function Age({ time }: { time: string | null | undefined }) {
  const now = useNow();
  if (!time) return <Unknown />;
  return (
    <time dateTime={time} title={formatExact(time)}>
      {formatAge(time, now)}
    </time>
  );
}
