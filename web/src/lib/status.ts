// What a status means, so that it can be told by shape and word and not by colour alone.

export type Tone = 'ok' | 'busy' | 'warn' | 'bad' | 'off' | 'unknown';

const TONES: Record<Tone, string> = {
  ok: 'ACTIVE AVAILABLE IN_USE COMPLETE UP ENABLED PASS HEALTHY SUCCESS ACCEPTED ATTACHED RUNNING',
  busy:
    'BUILD REBOOT HARD_REBOOT MIGRATING REBUILD RESIZE VERIFY_RESIZE REVERT_RESIZE PASSWORD CREATING ' +
    'DELETING ATTACHING DETACHING DOWNLOADING UPLOADING EXTENDING RETYPING BACKING_UP RESTORING ' +
    'RESTORING_BACKUP RESERVED SAVING QUEUED IMPORTING IN_PROGRESS ALLOCATING UPDATING MANAGING ' +
    'UNMANAGING AWAITING_TRANSFER PENDING',
  warn: 'WARN WARNING RESCUE MAINTENANCE LATE',
  bad:
    'ERROR FAILED FAIL CRITICAL DOWN KILLED CRASHED REJECTED ERROR_DELETING ERROR_EXTENDING ' +
    'ERROR_RESTORING ERROR_BACKING_UP ERROR_MANAGING ERROR_ATTACHING ERROR_DETACHING',
  off:
    'SHUTOFF PAUSED SUSPENDED SHELVED SHELVED_OFFLOADED SOFT_DELETED DELETED DISABLED DEACTIVATED ' +
    'DETACHED PENDING_DELETE SHUTDOWN NOT_APPLICABLE',
  unknown: 'UNKNOWN NO_STATE',
};

const BY_STATUS = new Map(
  Object.entries(TONES).flatMap(([tone, statuses]) =>
    statuses.split(' ').map((status) => [status, tone as Tone] as const),
  ),
);

export function toneOf(status: string | null | undefined): Tone {
  return BY_STATUS.get(status ?? 'UNKNOWN') ?? 'unknown';
}

/** How full something is: a tone that bars have too. */
export function toneOfPercent(percent: number | null | undefined): Tone {
  if (percent == null) return 'unknown';
  if (percent >= 95) return 'bad';
  return percent >= 80 ? 'warn' : 'ok';
}
