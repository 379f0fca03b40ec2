import { type IncomingHttpHeaders, get } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Demo, startDemo } from './harness';

let demo: Demo;

beforeAll(async () => {
  demo = await startDemo();
});

afterAll(async () => {
  await demo.stop();
});

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** What the server sends, as it sends it: `fetch` would unpack it. */
function ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(new URL(path, demo.url), { headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(parts),
        });
      });
    }).on('error', reject);
  });
}

test('a file is the same however it is packed', async () => {
  const pages = await Promise.all(['/', '/graphiql'].map((path) => ask(path)));
  const named = pages.flatMap(({ body }) => [
    ...body.toString().matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g),
  ]);
  const paths = [...new Set(named.map(([, path]) => path ?? ''))];
  expect(paths.length).toBeGreaterThan(3);
  let packed = 0;
  for (const path of ['/', '/graphiql', ...paths]) {
    const plain = await ask(path);
    expect([plain.status, plain.headers['content-encoding']]).toEqual([200, undefined]);
    expect(plain.body.length).toBeGreaterThan(0);
    const brotli = await ask(path, { 'accept-encoding': 'gzip, br' });
    if (!brotli.headers['content-encoding']) continue;
    packed += 1;
    const gzip = await ask(path, { 'accept-encoding': 'gzip' });
    expect(brotli.headers['content-encoding']).toBe('br');
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true);
    expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
    const tags = [plain, gzip, brotli].map(({ headers }) => headers.etag);
    expect(new Set(tags).size).toBe(3);
    for (const answer of [plain, gzip, brotli]) {
      const { 'content-encoding': encoding = 'identity' } = answer.headers;
      const again = await ask(path, {
        'accept-encoding': encoding,
        'if-none-match': answer.headers.etag ?? '',
      });
      expect([again.status, again.body.length]).toEqual([304, 0]);
    }
  }
  expect(packed).toBeGreaterThan(3);
});

test('how a file is packed is no file of its own', async () => {
  const { body } = await ask('/');
  const [, script] = /src="(\/assets\/[^"]+)"/.exec(body.toString()) ?? [];
  expect(script).toBeDefined();
  for (const suffix of ['.gz', '.br', 'x']) {
    expect((await ask(`${script ?? ''}${suffix}`)).status).toBe(404);
  }
});
