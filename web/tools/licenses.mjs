// Writes the licence notices of everything that may be part of the page: the packages that the
// lock file has for production, each with the texts it comes with.

import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..');
const NOTICE = /^(licen[cs]e|notice|copying|third-?party-?notices?)([.-].*)?$/i;

/** The production packages of the lock file, as folders below this one. */
async function folders() {
  const lock = JSON.parse(await readFile(join(FOLDER, 'package-lock.json'), 'utf8'));
  return Object.entries(lock.packages)
    .filter(([folder, entry]) => folder !== '' && !entry.dev && !entry.devOptional)
    .map(([folder]) => folder);
}

/** What a package says of itself, and the texts it comes with; null when it is not installed. */
async function noticeOf(folder) {
  const path = join(FOLDER, folder);
  const files = await readdir(path).catch(() => null);
  // What is for another kind of machine is not there, and not in the page.
  if (files === null) return null;
  const about = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
  const texts = await Promise.all(
    files.filter((file) => NOTICE.test(file)).map((file) => readFile(join(path, file), 'utf8')),
  );
  return {
    name: `${about.name} ${about.version}`,
    license: typeof about.license === 'string' ? about.license : 'see below',
    text: texts.map((text) => text.replaceAll('\r\n', '\n').trim()).join('\n\n'),
  };
}

const notices = (await Promise.all((await folders()).map(noticeOf))).filter(Boolean);
// Packages that share a text share a place.
const byText = new Map();
for (const { name, license, text } of notices) {
  const terms = `Licence: ${license}\n\n${text}`.trim();
  byText.set(terms, (byText.get(terms) ?? new Set()).add(name));
}
const sections = [...byText]
  .map(([terms, names]) => `${[...names].sort().join('\n')}\n\n${terms}`)
  .sort();
const rule = `\n\n${'-'.repeat(80)}\n\n`;
const head = 'This page is made with the software below, under the licences that stand with it.';
await mkdir(join(FOLDER, 'generated'), { recursive: true });
await writeFile(
  join(FOLDER, 'generated/licenses.txt'),
  `${[head, ...sections].join(rule).trim()}\n`,
);
