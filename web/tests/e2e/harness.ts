// A simulated cloud served by the program, and a browser that looks at it.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';
import { expect } from 'vitest';

const BINARY =
  process.env.OPS_BINARY ?? resolve(import.meta.dirname, '../../../target/debug/mcp-openstack-ops');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export interface Demo {
  /** Where the page is. */
  url: string;
  /** Where the simulated cloud is, which can be spoilt there. */
  upstream: string;
  /** Makes a service fail, as `{service: 'network', fault: 'down'}`. */
  spoil: (rule: Record<string, unknown>) => Promise<void>;
  mend: () => Promise<void>;
  query: (query: string) => Promise<unknown>;
  stop: () => Promise<void>;
}

/** Starts `demo` on a free port. */
export async function startDemo(
  options: string[] = [],
  environment: Record<string, string> = {},
): Promise<Demo> {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is not there; OPS_BINARY names another`);
  const child = spawn(BINARY, ['demo', '--port', '0', '--log-level', 'ERROR', ...options], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url, upstream] = await banner(child);
  const faults = `${upstream}/simulator/faults`;
  return {
    url,
    upstream,
    spoil: async (rule) => {
      await fetch(faults, { method: 'POST', body: JSON.stringify(rule) });
    },
    mend: async () => {
      await fetch(faults, { method: 'DELETE' });
    },
    query: async (query) => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      return ((await response.json()) as { data: unknown }).data;
    },
    stop: () =>
      new Promise((done) => {
        child.once('exit', () => done());
        child.kill();
      }),
  };
}

function banner(child: ChildProcess): Promise<[string, string]> {
  return new Promise((found, failed) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const url = /GraphQL +(\S+)\/graphql\n/.exec(text)?.[1];
      const upstream = /(http\S+)\/simulator\/faults/.exec(text)?.[1];
      if (url && upstream) found([url, upstream]);
    });
    child.once('exit', (code) => failed(new Error(`demo ended with ${code}: ${text}`)));
  });
}

let browser: Browser | undefined;

export async function openBrowser(): Promise<Browser> {
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}

/** A tab that remembers what it must not have done. */
export interface Tab {
  page: Page;
  context: BrowserContext;
  /** Names of the GraphQL operations that were sent. */
  operations: string[];
  /** Errors and warnings of the console, and requests that left the origin. */
  complaints: string[];
  /** Sockets that are open, and those that were refused. */
  sockets: { open: number; refused: number };
  close: () => Promise<void>;
}

export async function openTab(
  demo: Demo,
  path: string,
  options: { width?: number; scheme?: 'light' | 'dark'; socket?: 'refused' } = {},
): Promise<Tab> {
  const width = options.width ?? 1280;
  const context = await (
    await openBrowser()
  ).newContext({
    viewport: { width, height: width < 640 ? 844 : 860 },
    colorScheme: options.scheme ?? 'light',
    permissions: ['clipboard-read', 'clipboard-write'],
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const operations: string[] = [];
  const complaints: string[] = [];
  page.on('console', (message) => {
    // A refused token is what the test of it is about; the browser notes every 401.
    if (/status of 401/.test(message.text())) return;
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== new URL(demo.url).origin) {
      complaints.push(`asked ${request.url()}`);
    }
    if (url.pathname === '/graphql' && request.method() === 'POST') {
      const body = request.postDataJSON() as { operationName?: string };
      operations.push(body.operationName ?? '?');
    }
  });
  const sockets = { open: 0, refused: 0 };
  page.on('websocket', (socket) => {
    sockets.open += 1;
    socket.on('close', () => (sockets.open -= 1));
  });
  if (options.socket === 'refused') {
    await page.routeWebSocket('**/graphql/ws', async (socket) => {
      sockets.refused += 1;
      await socket.close({ code: 1013, reason: 'not today' });
    });
  }
  await page.goto(demo.url + path);
  return { page, context, operations, complaints, sockets, close: () => context.close() };
}

/** Waits until the view has its answer, whatever that is, and asks for nothing more. */
export async function settled(page: Page) {
  await page.waitForFunction(
    () =>
      document.querySelector('.fresh-age') !== null &&
      document.querySelector('.fresh .is-busy, .skeleton') === null,
  );
}

/** The rules that a page breaks, in words. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // The page takes no script but its own, so this one comes by another way.
  const session = await page.context().newCDPSession(page);
  const source = await import('node:fs/promises').then((fs) => fs.readFile(AXE, 'utf8'));
  await session.send('Runtime.evaluate', { expression: source });
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, { resultTypes: ['violations'] }).then((found) =>
      JSON.stringify(found.violations.map((each) => each.id + ': ' + each.help + ' at ' +
        each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' and '))))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  return JSON.parse(String(result.value)) as string[];
}

export async function expectNoComplaints(tab: Tab) {
  expect(tab.complaints).toEqual([]);
  expect(await accessibilityProblems(tab.page)).toEqual([]);
}
