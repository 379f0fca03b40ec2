import { readFileSync } from 'node:fs';

import { buildSchema, parse as parseAgain, validate } from 'graphql';
import { parse } from '@0no-co/graphql.web';
import { expect, test } from 'vitest';

import { toCsv, toJson, toQuery } from '../../src/lib/export';

const columns = [
  { title: 'Name', value: (row: { name: string | null; size: number | null }) => row.name },
  { title: 'Size', value: (row: { name: string | null; size: number | null }) => row.size },
];

test('CSV quotes what has to be, and is no formula', () => {
  const rows = [
    { name: 'web "1", main', size: 1 },
    { name: '=1+1', size: -2 },
    { name: null, size: null },
  ];
  expect(toCsv(columns, rows)).toBe('Name,Size\r\n"web ""1"", main",1\r\n\'=1+1,-2\r\n,\r\n');
  expect(JSON.parse(toJson(columns, rows))).toEqual([
    { Name: 'web "1", main', Size: 1 },
    { Name: '=1+1', Size: -2 },
    { Name: null, Size: null },
  ]);
});

const schema = buildSchema(
  readFileSync(new URL('../../../schema/schema.graphql', import.meta.url), 'utf8'),
);

test('a copied query has its variables written into it, and is valid', () => {
  const document = parse(`
    query Servers($cloud: String, $first: Int, $after: String, $filter: ServerFilter,
        $orderBy: ServerOrder, $withImage: Boolean!, $withOptions: Boolean!) {
      cloud(name: $cloud) {
        servers(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
          totalCount @include(if: $withOptions)
          nodes { name image @include(if: $withImage) { name } }
        }
        flavors(first: 10) @include(if: $withOptions) { nodes { name } }
      }
    }`);
  const query = toQuery(document, {
    cloud: null,
    first: 1000,
    filter: {
      statuses: ['ACTIVE', 'ERROR'],
      project: 'a "quoted" one',
      search: { term: 'web', in: 'ALL', caseSensitive: false },
    },
    orderBy: { field: 'NAME', direction: 'DESC' },
    withImage: true,
    withOptions: false,
  });
  expect(validate(schema, parseAgain(query))).toEqual([]);
  expect(query).toContain('statuses: [ACTIVE, ERROR]');
  expect(query).toContain('in: ALL');
  expect(query).toContain('image {');
  expect(query).not.toContain('$');
  expect(query).not.toContain('flavors');
  expect(query).not.toContain('after');
});
