export function Identity(_: { id?: string; segment?: string }) { return <p>Identity</p>; }
