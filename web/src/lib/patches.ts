// Rows that are known to have changed since their page was read.

import type { Change } from './watch';

/** The last change of each row, by its id. */
export type Patches = ReadonlyMap<string, Change>;

export const NO_PATCHES: Patches = new Map();
/** More is not kept: what is older is on the pages by then. */
const MOST = 2000;

export function withPatch(patches: Patches, change: Change): Patches {
  const next = new Map(patches);
  next.delete(change.id);
  next.set(change.id, change);
  const oldest = next.keys().next().value;
  if (next.size > MOST && oldest !== undefined) next.delete(oldest);
  return next;
}

/** A page's rows as they are by now. A row that is new to the page waits for the page to be read. */
export function patched<Row extends { id: string }>(
  rows: readonly Row[],
  asOf: number,
  patches: Patches,
): Row[] {
  if (patches.size === 0) return rows as Row[];
  const isNewer = (change: Change | undefined): change is Change =>
    change !== undefined && Date.parse(change.seenAt) > asOf;
  if (!rows.some((row) => isNewer(patches.get(row.id)))) return rows as Row[];
  return rows.flatMap((row) => {
    const change = patches.get(row.id);
    if (!isNewer(change)) return [row];
    return change.now === null ? [] : [change.now as Row];
  });
}
