import { Tabbed } from '../ui/tabs';
import { Backups } from './volumes/backups';
import { Pools } from './volumes/pools';
import { Snapshots } from './volumes/snapshots';
import { Volumes as VolumeList } from './volumes/volumes';

const TABS = [
  { id: '', title: 'Volumes', view: VolumeList },
  { id: 'snapshots', title: 'Snapshots', view: Snapshots },
  { id: 'backups', title: 'Backups', view: Backups },
  { id: 'pools', title: 'Storage pools', view: Pools },
];

/** Block storage. */
export function Volumes() {
  return <Tabbed label="Storage" path="/volumes" tabs={TABS} />;
}
