import { graphql } from '../../graphql/graphql';
import { type Watch, told, watch } from '../../lib/watch';

const SERVERS = graphql(`
  subscription AnyServer($cloud: String) {
    serverChanged(cloud: $cloud) {
      kind
      id
      seenAt
      server {
        name
        status
        taskState
      }
      previous {
        name
        status
        taskState
      }
    }
  }
`);

const VOLUMES = graphql(`
  subscription AnyVolume($cloud: String) {
    volumeChanged(cloud: $cloud) {
      kind
      id
      seenAt
      volume {
        name
        status
      }
      previous {
        name
        status
      }
    }
  }
`);

const STACKS = graphql(`
  subscription AnyStack($cloud: String) {
    stackChanged(cloud: $cloud) {
      kind
      id
      seenAt
      stack {
        name
        status
      }
      previous {
        name
        status
      }
    }
  }
`);

const HEALTH = graphql(`
  subscription HealthOf($cloud: String) {
    healthChanged(cloud: $cloud) {
      score
      status
      checks {
        name
        outcome
      }
    }
  }
`);

/** How something was or is, as far as the overview tells it. */
export interface Told {
  name: string | null;
  status: string;
  taskState?: string | null;
}

/** Everything that can be told of a cloud. */
export function cloudWatches(cloud: string | null): Watch[] {
  // The first is how well the cloud is, which the view has asked for itself.
  let isFirst = true;
  return [
    watch(SERVERS, { cloud }, ({ serverChanged }) =>
      told('Server', serverChanged, serverChanged?.server, serverChanged?.previous),
    ),
    watch(VOLUMES, { cloud }, ({ volumeChanged }) =>
      told('Volume', volumeChanged, volumeChanged?.volume, volumeChanged?.previous),
    ),
    watch(STACKS, { cloud }, ({ stackChanged }) =>
      told('Stack', stackChanged, stackChanged?.stack, stackChanged?.previous),
    ),
    watch(HEALTH, { cloud }, () => {
      const isNew = !isFirst;
      isFirst = false;
      return isNew ? null : undefined;
    }),
  ];
}
