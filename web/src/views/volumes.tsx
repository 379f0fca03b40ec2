export function Volumes(_: { id?: string; segment?: string }) { return <p>Volumes</p>; }
