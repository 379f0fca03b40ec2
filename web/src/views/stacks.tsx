export function Stacks(_: { id?: string; segment?: string }) { return <p>Stacks</p>; }
