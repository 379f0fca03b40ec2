export function Hypervisors(_: { id?: string; segment?: string }) { return <p>Hypervisors</p>; }
