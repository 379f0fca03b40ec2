// What can be done to a server, and when it makes sense.

import { graphql } from '../graphql/graphql';

const OUTCOME = graphql(`
  fragment ServerOutcome on ServerPayload {
    server {
      id
      status
      taskState
    }
    userErrors {
      code
      message
      service
      requestId
    }
    dryRun {
      would
      affects {
        kind
        id
        name
        effect
      }
    }
  }
`);

const START = graphql(
  `
    mutation ServerStart($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverStart(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const STOP: Deed = graphql(
  `
    mutation ServerStop($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverStop(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const REBOOT: Deed = graphql(
  `
    mutation ServerReboot($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverReboot(server: $server, cloud: $cloud, dryRun: $dryRun, hard: false) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const HARD_REBOOT: Deed = graphql(
  `
    mutation ServerHardReboot($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverReboot(server: $server, cloud: $cloud, dryRun: $dryRun, hard: true) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const PAUSE: Deed = graphql(
  `
    mutation ServerPause($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverPause(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const UNPAUSE: Deed = graphql(
  `
    mutation ServerUnpause($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverUnpause(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const SUSPEND: Deed = graphql(
  `
    mutation ServerSuspend($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverSuspend(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const RESUME: Deed = graphql(
  `
    mutation ServerResume($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverResume(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const SHELVE: Deed = graphql(
  `
    mutation ServerShelve($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverShelve(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const UNSHELVE: Deed = graphql(
  `
    mutation ServerUnshelve($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverUnshelve(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const CONFIRM_RESIZE: Deed = graphql(
  `
    mutation ServerConfirmResize($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverConfirmResize(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const REVERT_RESIZE: Deed = graphql(
  `
    mutation ServerRevertResize($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverRevertResize(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const RESCUE: Deed = graphql(
  `
    mutation ServerRescue($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverRescue(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const UNRESCUE: Deed = graphql(
  `
    mutation ServerUnrescue($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverUnrescue(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const LOCK: Deed = graphql(
  `
    mutation ServerLock($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverLock(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const UNLOCK: Deed = graphql(
  `
    mutation ServerUnlock($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverUnlock(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const DELETE: Deed = graphql(
  `
    mutation ServerDelete($server: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverDelete(server: $server, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const RESIZE: ChoosingDeed = graphql(
  `
    mutation ServerResize($server: Ref!, $choice: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverResize(server: $server, flavor: $choice, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

const REBUILD = graphql(
  `
    mutation ServerRebuild($server: Ref!, $choice: Ref!, $cloud: String, $dryRun: Boolean!) {
      result: serverRebuild(server: $server, image: $choice, cloud: $cloud, dryRun: $dryRun) {
        ...ServerOutcome
      }
    }
  `,
  [OUTCOME],
);

type Deed = typeof START;
/** One that needs to be told which flavor or image. */
type ChoosingDeed = typeof REBUILD;

interface Offered {
  id: string;
  title: string;
  /** The statuses it makes sense in, as Nova has it. */
  in: readonly string[];
  /** Whether something is lost that cannot be had back. */
  isDestructive?: boolean;
  /** Whether the server must be locked, or must not be. */
  needsLock?: boolean;
}

export type Action = Offered &
  (
    | { document: Deed; chooses?: undefined }
    /** What one has to choose first. */
    | { document: ChoosingDeed; chooses: 'flavor' | 'image' }
  );

/** Nova refuses what does not fit the state; the page does not even offer that. */
export const ACTIONS: Action[] = [
  { id: 'start', title: 'Start', document: START, in: ['SHUTOFF', 'ERROR'] },
  { id: 'stop', title: 'Stop', document: STOP, in: ['ACTIVE', 'ERROR', 'RESCUE'] },
  { id: 'reboot', title: 'Reboot', document: REBOOT, in: ['ACTIVE'] },
  {
    id: 'hard-reboot',
    title: 'Hard reboot',
    document: HARD_REBOOT,
    in: ['ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED', 'ERROR'],
  },
  { id: 'pause', title: 'Pause', document: PAUSE, in: ['ACTIVE'] },
  { id: 'unpause', title: 'Unpause', document: UNPAUSE, in: ['PAUSED'] },
  { id: 'suspend', title: 'Suspend', document: SUSPEND, in: ['ACTIVE'] },
  { id: 'resume', title: 'Resume', document: RESUME, in: ['SUSPENDED'] },
  {
    id: 'shelve',
    title: 'Shelve',
    document: SHELVE,
    in: ['ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED'],
  },
  { id: 'unshelve', title: 'Unshelve', document: UNSHELVE, in: ['SHELVED', 'SHELVED_OFFLOADED'] },
  {
    id: 'confirm-resize',
    title: 'Confirm resize',
    document: CONFIRM_RESIZE,
    in: ['VERIFY_RESIZE'],
  },
  { id: 'revert-resize', title: 'Revert resize', document: REVERT_RESIZE, in: ['VERIFY_RESIZE'] },
  {
    id: 'resize',
    title: 'Resize',
    document: RESIZE,
    chooses: 'flavor',
    in: ['ACTIVE', 'SHUTOFF'],
  },
  {
    id: 'rebuild',
    title: 'Rebuild',
    document: REBUILD,
    chooses: 'image',
    in: ['ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED', 'ERROR'],
    isDestructive: true,
  },
  { id: 'rescue', title: 'Rescue', document: RESCUE, in: ['ACTIVE', 'SHUTOFF', 'ERROR'] },
  { id: 'unrescue', title: 'Unrescue', document: UNRESCUE, in: ['RESCUE'] },
  { id: 'lock', title: 'Lock', document: LOCK, in: [], needsLock: false },
  { id: 'unlock', title: 'Unlock', document: UNLOCK, in: [], needsLock: true },
  { id: 'delete', title: 'Delete', document: DELETE, in: [], isDestructive: true },
];

export function actionsFor(server: {
  status: string;
  taskState: string | null;
  isLocked: boolean | null;
}): Action[] {
  return ACTIONS.filter((action) => {
    if (action.needsLock !== undefined) return (server.isLocked ?? false) === action.needsLock;
    if (action.id === 'delete') return true;
    return server.taskState === null && action.in.includes(server.status);
  });
}
