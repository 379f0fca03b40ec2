import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Where the graph is while the page is developed. */
const server = process.env.OPS_URL ?? 'http://127.0.0.1:8080';

/**
 * Writes `file.br` and `file.gz` of what is worth it, so that the server compresses nothing; of
 * assets in place of the file, which would be two thirds of the page.
 */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    closeBundle: async () => {
      const folder = join(import.meta.dirname, 'dist');
      for (const name of await readdir(folder, { recursive: true })) {
        if (!/\.(js|css|html|svg|ttf|json|txt)$/.test(name)) continue;
        const path = join(folder, name);
        const bytes = await readFile(path);
        if (bytes.length < 1024) continue;
        const brotli = brotliCompressSync(bytes, {
          params: {
            [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
            [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
          },
        });
        await writeFile(`${path}.br`, brotli);
        await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        if (name.startsWith('assets')) await rm(path);
      }
    },
  };
}

/** The dashboard's views are one document, GraphiQL's another. */
function views(): Plugin {
  return {
    name: 'views',
    configureServer: (vite) => {
      vite.middlewares.use((request, _response, next) => {
        if (request.url?.split('?')[0] === '/graphiql') request.url = '/graphiql.html';
        next();
      });
    },
  };
}

export default defineConfig({
  plugins: [react(), views(), precompress()],
  build: {
    target: 'es2022',
    // Nothing inline: the content security policy takes no script or font that is.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Monaco is large, and loaded by GraphiQL alone.
    chunkSizeWarningLimit: 4096,
    rollupOptions: { input: ['index.html', 'graphiql.html'] },
  },
  worker: { format: 'es' },
  server: {
    // The server takes pages of its own origin alone.
    proxy: {
      '^/graphql(/|$|\\?)': { target: server, changeOrigin: true, headers: { origin: server } },
    },
  },
});
