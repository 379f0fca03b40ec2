// The screenshots of the README: `npm run screenshots`, with the binary as the tests have it.

import { mkdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { test } from 'vitest';

import { closeBrowser, openTab, settled, startDemo } from './e2e/harness';

const FOLDER = resolve(import.meta.dirname, '../../docs/images');
/** A picture in a README should not be larger, in bytes. */
const MOST = 200 * 1024;

test('the README has its pictures', { timeout: 180_000 }, async () => {
  await mkdir(FOLDER, { recursive: true });
  const demo = await startDemo([], { ALLOW_MODIFY_OPERATIONS: 'true', CACHE_TTL: '0' });
  const data = (await demo.query(
    '{ floatingIps(first: 1, filter: { isAssociated: true }) { nodes { serverId } } }',
  )) as { floatingIps: { nodes: { serverId: string }[] } };
  const server = `/servers/${data.floatingIps.nodes[0]?.serverId ?? 'none'}`;
  const pictures: [string, string, { scheme?: 'dark'; width?: number }][] = [
    ['overview', '/', {}],
    ['servers', '/servers', { scheme: 'dark' }],
    ['server', server, {}],
    ['network', '/network?project=all', {}],
    ['hypervisors', '/hypervisors', {}],
    ['graphiql', '/graphiql', {}],
    ['phone', '/', { width: 390 }],
    ['trouble', server, {}],
  ];
  for (const [name, path, look] of pictures) {
    if (name === 'trouble') await demo.spoil({ service: 'network', fault: 'down' });
    const tab = await openTab(demo, path, look);
    if (name === 'graphiql') {
      // Before the editor is there, nothing hears the click.
      await tab.page.locator('.graphiql-query-editor .view-line').first().waitFor();
      await tab.page.locator('.graphiql-execute-button').click();
      await tab.page.locator('.result-window', { hasText: 'score' }).waitFor();
      await tab.page.waitForTimeout(1000);
    } else {
      await settled(tab.page);
      await tab.page.waitForTimeout(800);
    }
    const file = `${FOLDER}/${name}.png`;
    await tab.page.screenshot({ path: file });
    const { size } = await stat(file);
    if (size > MOST) throw new Error(`${file} has ${size} bytes`);
    await tab.close();
  }
  await closeBrowser();
  await demo.stop();
});
