// What went wrong with an operation, in the terms of those who read the page.

import type { CombinedError } from 'urql';

/** An error as the server tells it: equal ones are folded into one. */
export interface Trouble {
  /** The service that failed, as `network`; null for what is not one's fault. */
  service: string | null;
  code: string;
  message: string;
  requestId: string | null;
  /** How many places of the answer it left empty. */
  count: number;
  /** The fields that are missing for it, as `servers.ports`. */
  fields: string[];
}

const CODE_NAMES: Record<string, string> = {
  identity: 'Keystone',
  compute: 'Nova',
  network: 'Neutron',
  'block-storage': 'Cinder',
  image: 'Glance',
  orchestration: 'Heat',
  placement: 'Placement',
};

export function serviceName(service: string): string {
  const codeName = CODE_NAMES[service];
  return codeName && codeName !== 'Placement' ? `${service} (${codeName})` : service;
}

function fieldOf(path: readonly unknown[]): string {
  // What stands before is the cloud that was asked, and `nodes` and places say nothing.
  const names = path.filter((step): step is string => typeof step === 'string');
  return names.filter((name) => name !== 'nodes' && name !== 'cloud').join('.');
}

export function troublesOf(error: CombinedError | undefined): Trouble[] {
  if (!error) return [];
  if (error.networkError) {
    const status = (error.response as Response | undefined)?.status;
    return [
      {
        service: null,
        code: 'UNREACHABLE',
        message: status
          ? `This server answered ${status} instead of data.`
          : 'This server could not be reached.',
        requestId: null,
        count: 1,
        fields: [],
      },
    ];
  }
  return error.graphQLErrors.map((graphqlError) => {
    const extensions = graphqlError.extensions;
    const text = (name: string) => {
      const value = extensions[name];
      return typeof value === 'string' ? value : null;
    };
    const paths = Array.isArray(extensions.paths)
      ? (extensions.paths as unknown[][])
      : [graphqlError.path ?? []];
    return {
      service: text('service'),
      code: text('code') ?? 'ERROR',
      message: graphqlError.message,
      requestId: text('requestId'),
      count: typeof extensions.count === 'number' ? extensions.count : 1,
      fields: [...new Set(paths.map(fieldOf).filter(Boolean))],
    };
  });
}

/** The services that did not answer, each once. */
export function failedServices(troubles: Trouble[]): string[] {
  return [...new Set(troubles.map((trouble) => trouble.service).filter((name) => name !== null))];
}

/** Whether a field is empty since something failed, and not since there is nothing. */
export function isMissing(error: CombinedError | undefined, field: string): boolean {
  return troublesOf(error).some((trouble) => trouble.fields.includes(field));
}
