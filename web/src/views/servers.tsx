import { Tabbed } from '../ui/tabs';
import { Flavors } from './servers/flavors';
import { ServerList } from './servers/servers';

const TABS = [
  { id: '', title: 'Servers', view: ServerList },
  { id: 'flavors', title: 'Flavors', view: Flavors },
];

/** Servers, and what they can be made as. */
export function Servers() {
  return <Tabbed label="Compute" path="/servers" tabs={TABS} />;
}
