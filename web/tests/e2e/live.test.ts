// What changes is told over a socket; where that cannot be had, the page asks.

import { createHmac } from 'node:crypto';

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
  demo = await startDemo([], { ALLOW_MODIFY_OPERATIONS: 'true' });
});

afterEach(async () => {
  await tab?.close();
  tab = undefined;
});

afterAll(async () => {
  await closeBrowser();
  await demo.stop();
});

/** A server in some state, which nobody else in these tests touches. */
async function aServer(status: string, place: number): Promise<{ id: string; name: string }> {
  const data = (await demo.query(
    `{ servers(first: 30, filter: { status: ${status}, isLocked: false }) { nodes { id name taskState } } }`,
  )) as { servers: { nodes: { id: string; name: string }[] } };
  const server = data.servers.nodes[place];
  if (!server) throw new Error(`there is no server that is ${status}`);
  return server;
}

/** Done elsewhere, and not by the page. */
async function stopElsewhere(id: string) {
  await demo.query(`mutation { serverStop(server: "${id}") { userErrors { message } } }`);
}

const asked = (name: string) => tab?.operations.filter((each) => each === name).length ?? 0;

async function isLive() {
  await tab?.page.locator('.fresh-live').waitFor({ timeout: 30_000 });
}

test('a server that is stopped elsewhere shows in the list, before anybody asks', async () => {
  const server = await aServer('ACTIVE', 0);
  tab = await openTab(demo, `/servers?q=${server.name}`);
  const { page } = tab;
  const row = page.locator('tbody tr', { hasText: server.name });
  await row.getByText('Active').waitFor();
  await isLive();
  // The feed has looked once before it can tell what is new.
  await page.waitForTimeout(6000);
  const before = asked('Servers');
  await stopElsewhere(server.id);
  await row.locator('.status', { hasText: /Shutoff|powering off/ }).waitFor({ timeout: 20_000 });
  expect(asked('Servers')).toBe(before);
  await row.locator('.status', { hasText: 'Shutoff' }).waitFor({ timeout: 20_000 });
  await expectNoComplaints(tab);
});

test('the view of a server is asked for again when it changed', async () => {
  const server = await aServer('ACTIVE', 1);
  tab = await openTab(demo, `/servers/${server.id}`);
  const { page } = tab;
  await page.locator('.head-state', { hasText: 'Active' }).waitFor();
  await isLive();
  await page.waitForTimeout(6000);
  await stopElsewhere(server.id);
  await page.locator('.head-state', { hasText: 'Shutoff' }).waitFor({ timeout: 30_000 });
  expect(tab.complaints).toEqual([]);
});

test('the overview tells what changed, and what it was', async () => {
  const server = await aServer('ACTIVE', 2);
  tab = await openTab(demo, '/');
  const { page } = tab;
  await settled(page);
  await isLive();
  await page.waitForTimeout(6000);
  await stopElsewhere(server.id);
  const line = page.locator('.timeline li', { hasText: server.name }).first();
  await line.getByText('Active →').waitFor({ timeout: 30_000 });
  await expectNoComplaints(tab);
});

test('a hidden tab closes its socket, and opens it again when it is looked at', async () => {
  tab = await openTab(demo, '/volumes');
  const { page } = tab;
  await isLive();
  const hide = (isHidden: boolean) =>
    page.evaluate((isHidden) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden });
      document.dispatchEvent(new Event('visibilitychange'));
    }, isHidden);
  await hide(true);
  await page.locator('.fresh-live').waitFor({ state: 'detached' });
  await expect.poll(() => tab?.sockets.open, { timeout: 15_000 }).toBe(0);
  await hide(false);
  await isLive();
  expect(tab.complaints).toEqual([]);
});

test('where the socket is refused the page asks as time goes by', async () => {
  tab = await openTab(demo, '/servers', { socket: 'refused' });
  const { page } = tab;
  await page.locator('tbody th a').first().waitFor();
  await expect.poll(() => tab?.sockets.refused, { timeout: 15_000 }).toBeGreaterThan(0);
  expect(await page.locator('.fresh-live').count()).toBe(0);
  const before = asked('Servers');
  await expect.poll(() => asked('Servers'), { timeout: 40_000 }).toBeGreaterThan(before);
  expect(tab.complaints).toEqual([]);
});

test('whoever chooses an interval is told nothing, and asks', async () => {
  tab = await openTab(demo, '/servers');
  const { page } = tab;
  await isLive();
  await page.getByLabel('Ask again every').selectOption('5');
  await page.locator('.fresh-live').waitFor({ state: 'detached' });
  const before = asked('Servers');
  await expect.poll(() => asked('Servers'), { timeout: 20_000 }).toBeGreaterThan(before);
});

test(
  'a token that ends is asked for again as the socket closes',
  { timeout: 120_000 },
  async () => {
    const secret = 'a-secret-of-the-test-with-more-than-32-bytes';
    const guarded = await startDemo([], { REMOTE_AUTH_ENABLE: 'true', REMOTE_SECRET_KEY: secret });
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    // It is taken half a minute longer, since clocks differ.
    const ends = Math.floor(Date.now() / 1000);
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ sub: 'somebody', exp: ends, scope: 'openstack:read' })}`;
    const token = `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    tab = await openTab(guarded, '/servers');
    const { page } = tab;
    await page.getByLabel('Token').fill(token);
    await page.keyboard.press('Enter');
    await page.locator('tbody th a').first().waitFor();
    await isLive();
    // By itself it would ask after a minute.
    await page.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: 50_000 });
    expect(Date.now() / 1000).toBeGreaterThan(ends + 25);
    expect(await page.evaluate(() => sessionStorage.getItem('ops.token'))).toBeNull();
    // The secret's holder goes on where the other was.
    await page.getByLabel('Token').fill(secret);
    await page.keyboard.press('Enter');
    await isLive();
    expect(tab.complaints).toEqual([]);
    await guarded.stop();
  },
);
