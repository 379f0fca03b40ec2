import { useMemo } from 'react';

import { useLive } from '../lib/live';
import { remember } from '../lib/recent';
import { useCloudName } from '../lib/url-state';
import { Loading, Missing } from '../ui/trouble';
import { Card, View } from '../ui/view';
import { CapacityCard } from './overview/capacity';
import { ChangesCard } from './overview/changes';
import { CountsCard } from './overview/counts';
import { HealthCard } from './overview/health';
import { HypervisorsCard } from './overview/hypervisors';
import { OrphansCard } from './overview/orphans';
import { OVERVIEW } from './overview/query';
import { QuotaCard } from './overview/quota';
import { ServicesCard } from './overview/services';
import { cloudWatches } from './overview/watches';

/** Whether the cloud is well, what is full, what is broken, and why. */
export function Overview() {
  const cloudName = useCloudName();
  const variables = { cloud: cloudName };
  const watches = useMemo(() => cloudWatches(cloudName), [cloudName]);
  const live = useLive(OVERVIEW, variables, {
    watches,
    onChange: (change) => remember(cloudName ?? '', change),
  });
  const cloud = live.data?.cloud;
  return (
    <View
      title="Overview"
      subtitle={cloud?.name ?? undefined}
      freshness={live}
      error={live.error}
      shown={{ document: OVERVIEW, variables }}
    >
      {cloud ? (
        <div className="grid is-even">
          <HealthCard health={cloud.health} />
          <CapacityCard capacity={cloud.capacity} at={live.asOf} />
          <CountsCard counts={cloud.serverCounts} />
          <HypervisorsCard hypervisors={cloud.hypervisors} />
          <ServicesCard cloud={cloud} />
          <ChangesCard cloud={cloud} cloudName={cloudName} />
          <OrphansCard orphans={cloud.orphans} />
          <QuotaCard cloud={cloud} />
        </div>
      ) : live.isFetching ? (
        <Card title="Health">
          <Loading lines={12} />
        </Card>
      ) : (
        <Missing what="The cloud" />
      )}
    </View>
  );
}
