import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { expect, test } from 'vitest';

const DIST = join(import.meta.dirname, '../../dist');

/** What the first load may be, in bytes of gzipped JavaScript. */
const BUDGET = 300 * 1024;

/** A script as the build leaves it, packed. */
const packed = (name: string) => readFileSync(join(DIST, 'assets', `${name}.gz`));
const unpacked = (name: string) => gunzipSync(packed(name)).toString();

/** The scripts that a file loads, at once and while the first view is drawn. */
function scriptsOf(name: string, seen: Set<string>): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const text = unpacked(name);
  for (const [, other] of text.matchAll(/(?:from|import)"\.\/([\w.-]+\.js)"/g)) {
    if (other) scriptsOf(other, seen);
  }
  return seen;
}

test.skipIf(!existsSync(join(DIST, 'index.html')))('the first load is small', () => {
  const page = readFileSync(join(DIST, 'index.html'), 'utf8');
  const named = [...page.matchAll(/\/assets\/([\w.-]+\.js)"/g)].map((match) => match[1] ?? '');
  const scripts = new Set<string>();
  for (const name of named) scriptsOf(name, scripts);
  const main = [...scripts].map(unpacked).join();
  // The overview is there at once, but for its chart.
  const chart = /\.\/(trend-[\w-]+\.js)/.exec(main)?.[1];
  if (chart) scriptsOf(chart, scripts);
  const total = [...scripts].reduce((sum, name) => sum + packed(name).length, 0);
  console.log(`first load: ${(total / 1024).toFixed(1)} KiB of gzipped JavaScript`);
  expect(total).toBeLessThan(BUDGET);
  expect(main).not.toContain('monaco');
});

test.skipIf(!existsSync(join(DIST, 'index.html')))('no page has anything inline', () => {
  for (const name of ['index.html', 'graphiql.html']) {
    const page = readFileSync(join(DIST, name), 'utf8');
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect(page).not.toMatch(/<style|\bstyle=|\bon\w+=/);
  }
});
