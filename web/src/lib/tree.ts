// A stack's resources as a tree: what needs what.

export interface TreeItem<Resource> {
  resource: Resource;
  /** What needs this one, and so stands below it. */
  children: TreeItem<Resource>[];
}

/**
 * Resources below what they need, each once: below the deepest thing it needs, so that whatever
 * stands above it has to be there first. What belongs to a group stands below the group.
 */
export function resourceTree<
  Resource extends { name: string; requiredBy: string[]; parentResource: string | null },
>(resources: Resource[]): TreeItem<Resource>[] {
  const items = new Map(resources.map((resource) => [resource.name, { resource, children: [] }]));
  const needs = new Map<string, string[]>();
  for (const { name, requiredBy } of resources) {
    for (const user of requiredBy) needs.set(user, [...(needs.get(user) ?? []), name]);
  }
  const depths = new Map<string, number>();
  const depthOf = (name: string, path: Set<string>): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    // A circle cannot be, but must not hang the page.
    if (path.has(name)) return 0;
    path.add(name);
    const above = (needs.get(name) ?? []).filter((each) => items.has(each));
    const depth = above.length ? 1 + Math.max(...above.map((each) => depthOf(each, path))) : 0;
    path.delete(name);
    depths.set(name, depth);
    return depth;
  };
  const roots: TreeItem<Resource>[] = [];
  for (const [name, item] of items) {
    const above = (needs.get(name) ?? [])
      .filter((each) => items.has(each) && depthOf(each, new Set()) < depthOf(name, new Set()))
      .sort((one, other) => depthOf(other, new Set()) - depthOf(one, new Set()));
    const parent = item.resource.parentResource ?? above[0];
    const place = parent !== name && parent !== undefined ? items.get(parent) : undefined;
    (place?.children ?? roots).push(item);
  }
  return roots;
}
