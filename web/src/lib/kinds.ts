// The kinds of things the graph has, and where each is shown.

const PATHS: Record<string, string> = {
  Server: '/servers',
  Stack: '/stacks',
  Hypervisor: '/hypervisors',
  Volume: '/volumes',
  VolumeSnapshot: '/snapshots',
  Image: '/images',
  Network: '/networks',
  Subnet: '/subnets',
  Port: '/ports',
  Router: '/routers',
  FloatingIp: '/floating-ips',
  SecurityGroup: '/security-groups',
  Project: '/projects',
  User: '/users',
  Flavor: '/flavors',
};

/** The path of a thing; null for kinds that have no view of their own. */
export function pathOf(kind: string, id: string | null | undefined): string | null {
  const path = PATHS[kind];
  return path && id ? `${path}/${encodeURIComponent(id)}` : null;
}

/** `FLOATING_IP` as `FloatingIp`. */
export function kindOfSearch(kind: string): string {
  return kind
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}

/** `FloatingIp` as `Floating IP`. */
export function kindTitle(kind: string): string {
  const words = kind
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/\bip\b/, 'IP');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
