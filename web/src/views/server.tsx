export function Server(_: { id?: string; segment?: string }) { return <p>Server</p>; }
