import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import {
  type Demo,
  type Tab,
  closeBrowser,
  expectNoComplaints,
  openTab,
  startDemo,
} from './harness';

const SECRET = 'a-secret-of-the-test';

let demo: Demo;
let tab: Tab | undefined;

beforeAll(async () => {
  demo = await startDemo([], { REMOTE_AUTH_ENABLE: 'true', REMOTE_SECRET_KEY: SECRET });
});

afterEach(async () => {
  await tab?.close();
  tab = undefined;
});

afterAll(async () => {
  await closeBrowser();
  await demo.stop();
});

test('a token is asked for, refused when wrong, and kept for the tab alone', async () => {
  tab = await openTab(demo, '/servers?status=ERROR');
  const { page, context } = tab;
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await expectNoComplaints(tab);
  await page.getByLabel('Token').fill('wrong');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Token').fill(`Bearer ${SECRET}`);
  await page.keyboard.press('Enter');
  await page.locator('tbody th a').first().waitFor();
  // One is where one wanted to be.
  expect(page.url()).toContain('status=ERROR');
  await page.reload();
  await page.locator('tbody th a').first().waitFor();
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(SECRET);

  const other = await context.newPage();
  await other.goto(`${demo.url}/`);
  await other.getByRole('heading', { name: 'Sign in' }).waitFor();

  // A token that is not taken any longer is asked for again.
  await page.evaluate(() => sessionStorage.setItem('ops.token', 'expired'));
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(tab.complaints).toEqual([]);
});

test('signing out forgets the token; GraphiQL asks for one too', async () => {
  tab = await openTab(demo, '/graphiql');
  const { page } = tab;
  await page.getByLabel('Token').fill(SECRET);
  await page.keyboard.press('Enter');
  await page.locator('.graphiql-execute-button').waitFor();
  await page.goto(`${demo.url}/`);
  await page.getByText('Health').first().waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await page.evaluate(() => sessionStorage.getItem('ops.token'))).toBeNull();
});

test('the files need no token, and everything else does', async () => {
  for (const path of ['/', '/servers', '/graphiql', '/favicon.svg']) {
    expect([path, (await fetch(demo.url + path)).status]).toEqual([path, 200]);
  }
  for (const path of ['/graphql/schema', '/readyz', '/graphql?query={__typename}', '/nothing']) {
    expect([path, (await fetch(demo.url + path)).status]).toEqual([path, 401]);
  }
});
