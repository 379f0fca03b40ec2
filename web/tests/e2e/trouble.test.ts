import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import {
  type Demo,
  type Tab,
  closeBrowser,
  expectNoComplaints,
  openTab,
  settled,
  startDemo,
} from './harness';

let demo: Demo;
let tab: Tab | undefined;

beforeAll(async () => {
  demo = await startDemo([], { CACHE_TTL: '0', CACHE_REFERENCE_TTL: '0' });
});

afterEach(async () => {
  await tab?.close();
  tab = undefined;
  await demo.mend();
});

afterAll(async () => {
  await closeBrowser();
  await demo.stop();
});

const VIEWS = [
  '/',
  '/servers',
  '/hypervisors',
  '/network',
  '/volumes',
  '/images',
  '/identity',
  '/stacks',
];

test.each([
  ['network', 'Neutron'],
  ['block-storage', 'Cinder'],
  ['image', 'Glance'],
  ['orchestration', 'Heat'],
  ['placement', 'lacement'],
  ['compute', 'Nova'],
])(
  'with %s down every view says so where it matters, and shows the rest',
  { timeout: 180_000 },
  async (service, name) => {
    await demo.spoil({ service, fault: 'down' });
    const told: string[] = [];
    for (const path of VIEWS) {
      tab = await openTab(demo, path);
      const { page } = tab;
      await page.locator('main h1').waitFor();
      await settled(page);
      if ((await page.locator('.trouble').count()) > 0) {
        told.push(path);
        expect(await page.locator('.trouble').first().textContent()).toContain(name);
      }
      // Nothing is claimed of what is not known.
      if (await page.getByText('They could not be read.').count()) {
        expect(await page.locator('.table-foot').textContent()).not.toContain('0 rows');
      }
      await expectNoComplaints(tab);
      await tab.close();
    }
    expect(told.length).toBeGreaterThan(0);
  },
);

test('with Neutron down the servers are there, and their view says what is missing', async () => {
  tab = await openTab(demo, '/servers');
  await tab.page.locator('tbody th a').first().waitFor();
  await demo.spoil({ service: 'network', fault: 'down' });
  await tab.page.locator('tbody th a').first().click();
  await tab.page.getByText('network (Neutron) did not answer in full').waitFor();
  await tab.page.getByText('these are the addresses Nova knows').waitFor();
  await tab.page.getByText('What was done to it').waitFor();
  await expectNoComplaints(tab);
});

test('when the server goes away the data stays, with its age', async () => {
  const other = await startDemo();
  tab = await openTab(other, '/servers');
  const { page } = tab;
  await page.locator('tbody th a').first().waitFor();
  await other.stop();
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('This server could not be reached.', { exact: true }).waitFor();
  expect(await page.locator('tbody th a').count()).toBeGreaterThan(10);
});

test('who may not modify is offered nothing to modify', async () => {
  tab = await openTab(demo, '/servers');
  await tab.page.getByText('read-only').waitFor();
  await tab.page.locator('tbody th a').first().click();
  await tab.page.getByText('What was done to it').waitFor();
  expect(await tab.page.getByRole('button', { name: 'Stop', exact: true }).count()).toBe(0);
});

test('a hidden tab asks nothing, and polling can be paused', async () => {
  tab = await openTab(demo, '/images');
  const { page } = tab;
  await page.getByLabel('Ask again every').selectOption('5');
  await expect
    .poll(() => tab?.operations.filter((each) => each === 'Images').length, { timeout: 15_000 })
    .toBeGreaterThan(1);
  await page.getByLabel('Ask again every').selectOption('0');
  await page.waitForTimeout(500);
  const asked = tab.operations.length;
  await page.waitForTimeout(6000);
  expect(tab.operations.length).toBe(asked);
});
