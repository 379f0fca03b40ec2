import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Demo, type Tab, closeBrowser, openTab, startDemo } from './harness';

let demo: Demo;
let tab: Tab | undefined;

beforeAll(async () => {
  demo = await startDemo(['--servers', '10000']);
});

afterAll(async () => {
  await tab?.close();
  await closeBrowser();
  await demo.stop();
});

/** A task that keeps the page from answering is longer than this, in milliseconds. */
const LONG = 100;

test(
  '10,000 servers are scrolled through, a request for each page of 1,000',
  { timeout: 600_000 },
  async () => {
    tab = await openTab(demo, '/servers?order=name');
    const { page } = tab;
    await page.getByText('1,000 of 10,000 rows').waitFor({ timeout: 120_000 });
    await page.getByLabel('Ask again every').selectOption('0');
    await page.evaluate(() => {
      const tasks: number[] = [];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) tasks.push(Math.round(entry.duration));
      }).observe({ type: 'longtask' });
      Object.assign(window, { tasks });
    });
    const region = page.getByRole('region', { name: 'Servers' });
    const loaded = async () => {
      const text = (await page.locator('.table-foot').textContent()) ?? '';
      return Number(text.split(' ')[0]?.replaceAll(',', ''));
    };
    let rounds = 0;
    while ((await loaded()) < 10_000 && rounds++ < 20_000) {
      // As a wheel does it, and not all at once.
      await region.evaluate((element) => element.scrollBy(0, 900));
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    }
    await region.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.locator('tr[aria-rowindex="10001"]').waitFor();
    const rows = await page.locator('tbody tr').count();
    // Only what is in sight is there.
    expect(rows).toBeLessThan(80);
    expect(tab.operations.filter((each) => each === 'Servers')).toHaveLength(10);
    const tasks = await page.evaluate(() => (window as unknown as { tasks: number[] }).tasks);
    console.log(`long tasks while scrolling, in ms: ${tasks.join(', ') || 'none'}`);
    // Times fail a test only where the machine is known to do nothing else.
    if (process.env.CI_STRICT) expect(tasks.filter((task) => task > LONG)).toEqual([]);
    expect(tab.complaints).toEqual([]);
  },
);

test('a filter is applied by the server, to all of them', { timeout: 120_000 }, async () => {
  if (!tab) throw new Error('there is no tab');
  const { page } = tab;
  await page.getByLabel('Status', { exact: true }).selectOption('ERROR');
  await page.getByText(/^\d{2,3} rows/).waitFor({ timeout: 60_000 });
  expect(await page.locator('tbody .status').first().textContent()).toBe('Error');
});

test('the overview and the topology stand the size', { timeout: 120_000 }, async () => {
  for (const [path, text] of [
    ['/', 'Fullest hypervisors'],
    ['/network', 'servers'],
    ['/hypervisors', 'compute-1'],
  ] as const) {
    const other = await openTab(demo, path);
    await other.page.locator('main').getByText(text).first().waitFor({ timeout: 60_000 });
    expect(other.complaints).toEqual([]);
    await other.close();
  }
});
