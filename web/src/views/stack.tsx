export function Stack(_: { id?: string; segment?: string }) { return <p>Stack</p>; }
