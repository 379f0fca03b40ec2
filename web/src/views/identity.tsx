import { Tabbed } from '../ui/tabs';
import { Assignments } from './identity/assignments';
import { Projects } from './identity/projects';
import { Users } from './identity/users';

const TABS = [
  { id: '', title: 'Projects', view: Projects },
  { id: 'users', title: 'Users', view: Users },
  { id: 'roles', title: 'Who has which role', view: Assignments },
];

/** Who there is, what they may use, and what they may do. */
export function Identity() {
  return <Tabbed label="Identity" path="/identity" tabs={TABS} />;
}
