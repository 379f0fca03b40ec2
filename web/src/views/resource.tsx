export function Resource(_: { id?: string; segment?: string }) { return <p>Resource</p>; }
