export function Network(_: { id?: string; segment?: string }) { return <p>Network</p>; }
