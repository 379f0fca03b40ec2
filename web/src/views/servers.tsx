export function Servers(_: { id?: string; segment?: string }) { return <p>Servers</p>; }
