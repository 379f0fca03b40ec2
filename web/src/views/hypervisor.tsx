export function Hypervisor(_: { id?: string; segment?: string }) { return <p>Hypervisor</p>; }
