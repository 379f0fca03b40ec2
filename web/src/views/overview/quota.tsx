import { Thing } from '../../ui/link';
import { Card } from '../../ui/view';
import { Quotas } from '../parts/quotas';
import type { Cloud } from './query';

export function QuotaCard({ cloud }: { cloud: Cloud }) {
  const { computeQuota, volumeQuota, networkQuota } = cloud;
  return (
    <Card
      title="Quota"
      className="span-5"
      aside={
        computeQuota?.project ? (
          <Thing kind="Project" thing={computeQuota.project} />
        ) : (
          'own project'
        )
      }
    >
      <Quotas
        quotas={[
          { title: 'Servers', quota: computeQuota?.servers },
          { title: 'vCPU', quota: computeQuota?.vcpus },
          { title: 'Memory', quota: computeQuota?.ramMib, unit: 'MiB' },
          { title: 'Volumes', quota: volumeQuota?.volumes },
          { title: 'Volume size', quota: volumeQuota?.sizeGib, unit: 'GiB' },
          { title: 'Ports', quota: networkQuota?.ports },
          { title: 'Floating IPs', quota: networkQuota?.floatingIps },
        ]}
      />
    </Card>
  );
}
