import { expect, test } from 'vitest';

import { type TreeItem, resourceTree } from '../../src/lib/tree';

const resource = (
  name: string,
  requiredBy: string[] = [],
  parentResource: string | null = null,
) => ({
  name,
  requiredBy,
  parentResource,
});

const shape = (items: TreeItem<{ name: string }>[]): unknown =>
  Object.fromEntries(items.map((item) => [item.resource.name, shape(item.children)]));

test('a resource stands below the deepest thing it needs', () => {
  const tree = resourceTree([
    resource('attachment'),
    resource('port', ['server']),
    resource('server', ['attachment']),
    resource('volume', ['attachment']),
    resource('group'),
    resource('0', [], 'group'),
  ]);
  expect(shape(tree)).toEqual({
    port: { server: { attachment: {} } },
    volume: {},
    group: { '0': {} },
  });
});

test('a circle hangs nothing, and loses nothing', () => {
  const tree = resourceTree([resource('a', ['b']), resource('b', ['a'])]);
  const names: string[] = [];
  const walk = (items: TreeItem<{ name: string }>[]) => {
    for (const item of items) {
      names.push(item.resource.name);
      walk(item.children);
    }
  };
  walk(tree);
  expect(names.sort()).toEqual(['a', 'b']);
});
