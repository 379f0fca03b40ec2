import { readFile } from 'node:fs/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

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
  demo = await startDemo(['--regions', '2'], { ALLOW_MODIFY_OPERATIONS: 'true' });
});

afterEach(async () => {
  await tab?.close();
  tab = undefined;
});

afterAll(async () => {
  await closeBrowser();
  await demo.stop();
});

interface Ids {
  servers: { nodes: { id: string; name: string }[] };
  attached: { nodes: { id: string }[] };
  hypervisors: { nodes: { id: string }[] };
  volumeSnapshots: { nodes: { id: string }[] };
  images: { nodes: { id: string }[] };
  networks: { nodes: { id: string }[] };
  subnets: { nodes: { id: string }[] };
  ports: { nodes: { id: string }[] };
  routers: { nodes: { id: string }[] };
  floatingIps: { nodes: { id: string }[] };
  securityGroups: { nodes: { id: string }[] };
  projects: { nodes: { id: string }[] };
  users: { nodes: { id: string }[] };
  flavors: { nodes: { id: string }[] };
  stacks: { nodes: { id: string; name: string }[] };
}

async function ids(): Promise<Ids> {
  const one = (field: string) => `${field}(first: 1) { nodes { id } }`;
  return (await demo.query(`{
    servers(first: 1, filter: { status: ACTIVE }) { nodes { id name } }
    attached: volumes(first: 1, filter: { isAttached: true }) { nodes { id } }
    stacks(first: 3) { nodes { id name } }
    projects(first: 1, filter: { names: ["admin"] }) { nodes { id } }
    users(first: 1, filter: { names: ["admin"] }) { nodes { id } }
    ${['hypervisors', 'volumeSnapshots', 'images', 'networks', 'subnets', 'ports', 'routers', 'floatingIps', 'securityGroups', 'flavors'].map(one).join('\n')}
  }`)) as Ids;
}

/** The views that are lists, the operation each sends, and something it shows. */
const LISTS: [string, string, RegExp][] = [
  ['/', 'Overview', /Health/],
  ['/servers', 'Servers', /120 rows/],
  ['/servers?tab=flavors', 'Flavors', /m1\.large/],
  ['/hypervisors', 'Hypervisors', /compute-1/],
  ['/network', 'Topology', /admin-router/],
  ['/network?tab=networks', 'Networks', /shared-services/],
  ['/network?tab=routers', 'Routers', /admin-router/],
  ['/network?tab=floating-ips', 'FloatingIps', /198\.18\./],
  ['/network?tab=security-groups', 'SecurityGroups', /default/],
  ['/volumes', 'Volumes', /In use/],
  ['/volumes?tab=snapshots', 'Snapshots', /rows?/],
  ['/volumes?tab=backups', 'Backups', /rows?/],
  ['/volumes?tab=pools', 'Pools', /storage-1/],
  ['/images', 'Images', /debian-12/],
  ['/identity', 'Projects', /of 111/],
  ['/identity?tab=users', 'Users', /admin/],
  ['/identity?tab=roles', 'Assignments', /admin/],
  ['/stacks', 'Stacks', /web-shop-stack-1/],
];

describe.each([
  { width: 1280, scheme: 'light' as const },
  { width: 1280, scheme: 'dark' as const },
  { width: 390, scheme: 'light' as const },
])('at $width pixels, $scheme', (look) => {
  test.each(LISTS)('%s shows what it is for with one request', async (path, operation, shown) => {
    tab = await openTab(demo, path, look);
    const main = tab.page.locator('main');
    await main.getByText(shown).first().waitFor({ state: 'attached' });
    await settled(tab.page);
    // Who looks is asked once for each tab; the view itself is one more.
    expect([...tab.operations].sort()).toEqual(['Caller', operation].sort());
    expect(await tab.page.locator('.trouble').count()).toBe(0);
    const overflow = await tab.page.evaluate(
      () => document.documentElement.scrollWidth - innerWidth,
    );
    expect(overflow).toBeLessThanOrEqual(0);
    await expectNoComplaints(tab);
  });
});

test('on a phone the topology is drawn, and the tab that is shown is in sight', async () => {
  tab = await openTab(demo, '/network', { width: 390 });
  await tab.page.locator('.react-flow__node', { hasText: 'admin-router' }).waitFor();
  await tab.close();
  tab = await openTab(demo, '/network?tab=security-groups', { width: 390 });
  const shown = tab.page.locator('.tabs a[aria-current]');
  await shown.waitFor();
  const box = await shown.boundingBox();
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390);
});

test('every kind of thing has a view of its own', { timeout: 180_000 }, async () => {
  const all = await ids();
  const first = (list: { nodes: { id: string }[] }) => list.nodes[0]?.id ?? 'none';
  const paths: [string, string][] = [
    [`/servers/${first(all.servers)}`, 'Server'],
    [`/hypervisors/${first(all.hypervisors)}`, 'Hypervisor'],
    [`/volumes/${first(all.attached)}`, 'Volume'],
    [`/snapshots/${first(all.volumeSnapshots)}`, 'Snapshot'],
    [`/images/${first(all.images)}`, 'Image'],
    [`/networks/${first(all.networks)}`, 'NetworkDetails'],
    [`/subnets/${first(all.subnets)}`, 'Subnet'],
    [`/ports/${first(all.ports)}`, 'Port'],
    [`/routers/${first(all.routers)}`, 'Router'],
    [`/floating-ips/${first(all.floatingIps)}`, 'FloatingIp'],
    [`/security-groups/${first(all.securityGroups)}`, 'SecurityGroup'],
    [`/projects/${first(all.projects)}`, 'Project'],
    [`/users/${first(all.users)}`, 'User'],
    [`/flavors/${first(all.flavors)}`, 'Flavor'],
    [`/stacks/${first(all.stacks)}`, 'Stack'],
  ];
  for (const [path, operation] of paths) {
    tab = await openTab(demo, path);
    await tab.page.getByRole('heading', { name: 'About' }).waitFor();
    await settled(tab.page);
    expect([path, ...[...tab.operations].sort()]).toEqual([path, ...['Caller', operation].sort()]);
    expect([path, await tab.page.locator('.trouble').count()]).toEqual([path, 0]);
    await expectNoComplaints(tab);
    await tab.close();
  }
});

test('the overview says what is wrong, and leads to it', async () => {
  tab = await openTab(demo, '/');
  const { page } = tab;
  await page.getByRole('img', { name: /Score \d+ of 100/ }).waitFor();
  const check = page.locator('.checks summary', { hasText: 'hypervisors are not up' });
  await check.click();
  await page.locator('.checks .resources').getByRole('link', { name: 'compute-3' }).click();
  await page.getByRole('heading', { name: 'compute-3' }).waitFor();
  expect(new URL(page.url()).pathname).toMatch(/^\/hypervisors\//);
  await page.getByText('Down').first().waitFor();
});

test('the URL holds filter, order and columns, and the server applies them', async () => {
  tab = await openTab(demo, '/servers?status=ERROR&order=-name&columns=status,image');
  const { page } = tab;
  await page.getByRole('columnheader', { name: 'Image' }).waitFor();
  const names = () => page.locator('tbody th').allTextContents();
  await expect.poll(async () => (await names()).length).toBeGreaterThan(1);
  const shown = await names();
  expect(shown).toEqual([...shown].sort().reverse());
  expect(await page.locator('tbody tr td .status').allTextContents()).toEqual(
    shown.map(() => 'Error'),
  );
  await page.getByLabel('Status', { exact: true }).selectOption('SHUTOFF');
  await page.waitForURL(/status=SHUTOFF/);
  // Descending, as the server has it, ascending.
  await page.getByRole('button', { name: 'Name' }).click();
  await page.waitForURL((url) => !url.searchParams.has('order'));
  await page.getByRole('button', { name: 'Name' }).click();
  await page.waitForURL((url) => url.searchParams.get('order') === 'name');
  await expect
    .poll(async () => (await page.locator('tbody .status').first().textContent()) ?? '')
    .toBe('Shutoff');
  await page.getByRole('searchbox', { name: 'Search' }).fill('web');
  await page.waitForURL(/q=web/);
  await expect.poll(async () => (await names()).every((name) => name.includes('web'))).toBe(true);
  // Somebody who is sent the address sees the same.
  const other = await openTab(demo, new URL(page.url()).pathname + new URL(page.url()).search);
  await expect.poll(() => other.page.locator('tbody th').allTextContents()).toEqual(await names());
  await other.close();
});

test('what is shown can be taken along', async () => {
  // The demo lets servers fail meanwhile; those that are off stay so.
  tab = await openTab(demo, '/servers?status=SHUTOFF&order=name');
  const { page } = tab;
  await page.locator('tbody th').first().waitFor();
  const names = await page.locator('tbody th').allTextContents();
  const take = async (item: string) => {
    await page.getByTitle('Export what is shown').click();
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name: item }).click();
    return readFile(await (await waiting).path(), 'utf8');
  };
  const csv = await take('Rows as CSV');
  expect(csv.split('\r\n')[0]).toBe('Name,Status,Addresses,Flavor,Host,Project,Changed');
  const json = JSON.parse(await take('Rows as JSON')) as { Name: string }[];
  expect(json.map((row) => row.Name)).toEqual(names);
  await page.getByTitle('Export what is shown').click();
  await page.getByRole('button', { name: 'Copy as GraphQL query' }).click();
  await page.getByText('Copied').waitFor();
  const query = await page.evaluate(() => navigator.clipboard.readText());
  const data = (await demo.query(query)) as { cloud: { servers: { nodes: { name: string }[] } } };
  expect(data.cloud.servers.nodes.map((node) => node.name)).toEqual(names);
});

test('anything is found by its name, by the keyboard alone', async () => {
  tab = await openTab(demo, '/');
  const { page } = tab;
  await page.getByText('Health').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('web-shop-router');
  await page.locator('#search-hits [role=option]').first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'web-shop-router' }).waitFor();
  expect(new URL(page.url()).pathname).toMatch(/^\/routers\//);
});

test('another cloud is one choice away, and stays', async () => {
  tab = await openTab(demo, '/servers');
  const { page } = tab;
  await page.getByLabel('Cloud').selectOption('simulated-member/RegionTwo');
  await page.waitForURL(/cloud=simulated-member/);
  await page.getByText('sees its own project').waitFor();
  await page.locator('tbody th a').first().click();
  await page.getByRole('heading', { name: 'About' }).waitFor();
  expect(page.url()).toContain('cloud=simulated-member');
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  // What the member may not see is told as that, and is no outage.
  await page.getByText('This credential may not see').waitFor();
  expect(tab.complaints).toEqual([]);
});

test('a server is stopped after a look at what hangs on it', async () => {
  const { servers } = await ids();
  const server = servers.nodes[0];
  tab = await openTab(demo, `/servers/${server?.id ?? ''}`);
  const { page } = tab;
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('It cannot be undone').waitFor();
  // Not even by accident: its name has to be typed.
  expect(await dialog.getByRole('button', { name: 'Delete' }).isDisabled()).toBe(true);
  await expectNoComplaints(tab);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await dialog.locator('p').first().waitFor();
  await dialog.getByRole('button', { name: 'Stop' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Start', exact: true }).waitFor({ timeout: 30_000 });
  await page.locator('.head-state').getByText('Shutoff').waitFor();
});

test('a server is resized to a flavor that one chooses', async () => {
  const data = (await demo.query(
    '{ servers(first: 5, filter: { status: ACTIVE, flavor: "m1.small", isLocked: false }) { nodes { id name } } }',
  )) as Ids;
  const server = data.servers.nodes.at(-1);
  tab = await openTab(demo, `/servers/${server?.id ?? ''}`);
  const { page } = tab;
  await page.getByRole('button', { name: 'Resize', exact: true }).click();
  const dialog = page.getByRole('dialog');
  const resize = dialog.getByRole('button', { name: 'Resize' });
  expect(await resize.isDisabled()).toBe(true);
  const choice = dialog.getByLabel('To the flavor');
  await choice.locator('option', { hasText: 'm1.medium' }).waitFor({ state: 'attached' });
  const labels = await choice.locator('option').allTextContents();
  expect(labels.find((label) => label.startsWith('m1.small:'))).toContain('(as it is)');
  await choice.selectOption({
    label: labels.find((label) => label.startsWith('m1.medium:')) ?? '',
  });
  // What it would do is told before anything is sent.
  await dialog.locator('p', { hasText: 'resize server' }).waitFor();
  await expect.poll(() => resize.isEnabled()).toBe(true);
  await expectNoComplaints(tab);
  await resize.click();
  await dialog.waitFor({ state: 'detached' });
  await page
    .getByRole('button', { name: 'Confirm resize', exact: true })
    .waitFor({ timeout: 45_000 });
  expect(tab.complaints).toEqual([]);
});

test('a rebuild asks for an image and for the name, since the disk is lost', async () => {
  const { servers } = await ids();
  const server = servers.nodes[0];
  tab = await openTab(demo, `/servers/${server?.id ?? ''}`);
  const { page } = tab;
  await page.getByRole('button', { name: 'Rebuild', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('option', { hasText: 'debian-12' }).waitFor({ state: 'attached' });
  await dialog.getByLabel('From the image').selectOption({ index: 1 });
  await dialog.getByText('It cannot be undone').waitFor();
  expect(await dialog.getByRole('button', { name: 'Rebuild' }).isDisabled()).toBe(true);
  await dialog.getByRole('textbox').fill(server?.name ?? '');
  expect(await dialog.getByRole('button', { name: 'Rebuild' }).isEnabled()).toBe(true);
  await expectNoComplaints(tab);
});

test('the licences of what the page is made with come with it', async () => {
  tab = await openTab(demo, '/');
  const { page } = tab;
  await page.getByRole('link', { name: 'Licences' }).click();
  const text = (await page.locator('body').textContent()) ?? '';
  for (const name of ['react ', 'monaco-editor ', 'graphql-ws ', '@fontsource-variable/inter ']) {
    expect(text).toContain(name);
  }
});

test('a stack is a tree, with the reason of what failed', async () => {
  const { stacks } = await ids();
  const stack = stacks.nodes.find((each) => each.name === 'web-shop-stack-1');
  tab = await openTab(demo, `/stacks/${stack?.id ?? ''}`);
  await tab.page.locator('.tree > ul > li', { hasText: 'port' }).locator('ul').first().waitFor();
  await tab.page.getByText('Failed').first().waitFor();
});

test('servers of a network are unfolded, and dragged', async () => {
  tab = await openTab(demo, '/network');
  const { page } = tab;
  await page.getByRole('button', { name: /\d+ servers/ }).click();
  await expect.poll(() => page.locator('.part-server').count()).toBeGreaterThan(3);
  await page.waitForURL(/open=/);
  // Asked by the query in the URL, it is the same for others.
  const node = page.locator('.react-flow__node', { hasText: 'admin-router' });
  const before = await node.boundingBox();
  await page.getByRole('button', { name: 'Fold servers' }).click();
  await page.getByRole('button', { name: /\d+ servers/ }).waitFor();
  const box = await node.boundingBox();
  if (!box || !before) throw new Error('the router is not drawn');
  await page.mouse.move(box.x + box.width - 8, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 8, box.y + box.height / 2 + 120, { steps: 5 });
  await page.mouse.up();
  const after = await node.boundingBox();
  expect((after?.y ?? 0) - box.y).toBeGreaterThan(80);
});

test('GraphiQL works without the network', async () => {
  tab = await openTab(demo, '/graphiql#query=' + encodeURIComponent('{ health { score } }'));
  const { page } = tab;
  // Before the editor is there, nothing hears the click.
  await page.locator('.graphiql-query-editor .view-line').getByText('health').waitFor();
  await page.locator('.graphiql-execute-button').click();
  await expect
    .poll(() => page.locator('.result-window').textContent(), { timeout: 30_000 })
    .toContain('score');
  await page.getByLabel('Show Documentation Explorer').click();
  await page.getByText('Query', { exact: true }).first().waitFor();
  await expectNoComplaints(tab);
  // Its tabs are a list of buttons, of which one is current, also when another is shown.
  await page.getByLabel('New tab').click();
  const tabs = page.locator('.graphiql-tab');
  await expect.poll(() => tabs.count()).toBe(2);
  const current = page.locator('.graphiql-tab-button[aria-current=true]');
  await expect.poll(() => current.count()).toBe(1);
  await tabs.first().locator('.graphiql-tab-button').click();
  await expect.poll(() => tabs.first().locator('[aria-current=true]').count()).toBe(1);
  await expectNoComplaints(tab);
});

test('GraphiQL listens to a subscription', async () => {
  const query = 'subscription { healthChanged { score } }';
  tab = await openTab(demo, '/graphiql#query=' + encodeURIComponent(query));
  const { page } = tab;
  await page.locator('.graphiql-query-editor .view-line').getByText('healthChanged').waitFor();
  await page.locator('.graphiql-execute-button').click();
  await expect
    .poll(() => page.locator('.result-window').textContent(), { timeout: 30_000 })
    .toContain('score');
  expect(tab.complaints).toEqual([]);
});
