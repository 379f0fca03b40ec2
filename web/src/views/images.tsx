export function Images(_: { id?: string; segment?: string }) { return <p>Images</p>; }
