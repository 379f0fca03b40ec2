import { Tabbed } from '../ui/tabs';
import { FloatingIps } from './network/floating-ips';
import { Networks } from './network/networks';
import { Routers } from './network/routers';
import { SecurityGroups } from './network/security-groups';
import { Topology } from './network/topology';

const TABS = [
  { id: '', title: 'Topology', view: Topology },
  { id: 'networks', title: 'Networks', view: Networks },
  { id: 'routers', title: 'Routers', view: Routers },
  { id: 'floating-ips', title: 'Floating IPs', view: FloatingIps },
  { id: 'security-groups', title: 'Security groups', view: SecurityGroups },
];

/** What connects servers, as a picture and as lists. */
export function Network() {
  return <Tabbed label="Network" path="/network" tabs={TABS} />;
}
