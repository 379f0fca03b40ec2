import { graphql } from '../graphql/graphql';
import { formatCount, formatGib, formatMib, formatOfClass } from '../lib/format';
import { useLive } from '../lib/live';
import type { ThingOf } from '../lib/types';
import { useCloudName } from '../lib/url-state';
import { Bar } from '../ui/bar';
import { DetailView } from '../ui/detail';
import { Thing } from '../ui/link';
import { None, Status } from '../ui/status';
import { Rows } from '../ui/table';
import { Age } from '../ui/time';
import { Card, Facts } from '../ui/view';

const HYPERVISOR = graphql(`
  query Hypervisor($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      hypervisor(id: $id) {
        id
        name
        state
        status
        type
        version
        hostIp
        host
        disabledReason
        runningServers
        cpuArch
        cpuModel
        cpuVendor
        capacity {
          vcpus {
            physical
            capacity
            used
            usedPercent
          }
          memoryMib {
            physical
            capacity
            used
            usedPercent
          }
          diskGib {
            physical
            capacity
            used
            usedPercent
          }
        }
        service {
          id
          binary
          state
          status
          updatedAt
          availabilityZoneName
        }
        hostAggregates(first: 50) {
          nodes {
            id
            name
            availabilityZoneName
            metadata
            hosts
          }
        }
        resourceProvider {
          id
          inventories {
            resourceClass
            total
            reserved
            allocationRatio
            capacity
            used
          }
          traits
        }
        servers(first: 1000) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            status
            taskState
            flavorName
            vcpus
            ramMib
            project {
              id
              name
            }
          }
        }
      }
    }
  }
`);

type Hypervisor_ = ThingOf<typeof HYPERVISOR, 'hypervisor'>;

export function Hypervisor({ id }: { id: string }) {
  const cloud = useCloudName();
  const variables = { cloud, id };
  const live = useLive(HYPERVISOR, variables);
  return (
    <DetailView
      what="hypervisor"
      id={id}
      title={live.data?.cloud?.hypervisor?.name}
      list={{ title: 'Hypervisors', path: '/hypervisors' }}
      live={live}
      node={live.data?.cloud?.hypervisor}
      shown={{ document: HYPERVISOR, variables }}
    >
      {(hypervisor) => <Details hypervisor={hypervisor} />}
    </DetailView>
  );
}

function Details({ hypervisor }: { hypervisor: Hypervisor_ }) {
  const { capacity } = hypervisor;
  return (
    <div className="grid">
      <div className="stack span-4">
        <Card title="About" aside={<Status status={hypervisor.state} />}>
          <Facts
            facts={[
              ['Service', <Status key="status" status={hypervisor.status} />],
              ...(hypervisor.disabledReason
                ? [['Disabled since', hypervisor.disabledReason] as [string, string]]
                : []),
              [
                'Last heard',
                hypervisor.service ? (
                  <Age key="heard" time={hypervisor.service.updatedAt} />
                ) : (
                  'unknown'
                ),
              ],
              ['Zone', hypervisor.service?.availabilityZoneName ?? <None key="zone" />],
              ['Address', hypervisor.hostIp ?? <None key="ip" />],
              ['Type', hypervisor.type ?? <None key="type" />],
              [
                'CPU',
                [hypervisor.cpuVendor, hypervisor.cpuModel, hypervisor.cpuArch]
                  .filter(Boolean)
                  .join(' ') || 'unknown',
              ],
              ['Servers', formatCount(hypervisor.runningServers)],
            ]}
          />
        </Card>
        <Card title="Capacity" aside="given away of what can be">
          <Rows
            label="Capacity"
            rows={
              capacity
                ? [
                    { title: 'vCPU', line: capacity.vcpus, format: formatCount },
                    { title: 'Memory', line: capacity.memoryMib, format: formatMib },
                    { title: 'Disk', line: capacity.diskGib, format: formatGib },
                  ]
                : null
            }
            empty=""
            columns={[
              { title: 'Of', cell: (each) => each.title },
              {
                title: 'Given away',
                cell: (each) => (
                  <Bar
                    used={each.line.used}
                    total={each.line.capacity}
                    percent={each.line.usedPercent}
                    format={each.format}
                    label={`${each.title} given away`}
                  />
                ),
              },
            ]}
          />
        </Card>
        <Card title="Aggregates">
          <Rows
            label="Aggregates"
            rows={hypervisor.hostAggregates?.nodes}
            empty="It is in no aggregate."
            columns={[
              { title: 'Name', cell: (each) => each.name },
              { title: 'Zone', cell: (each) => each.availabilityZoneName ?? <None /> },
              { title: 'Hosts', isNumber: true, cell: (each) => each.hosts.length },
            ]}
          />
        </Card>
      </div>
      <div className="stack span-8">
        <Card title="Servers on it">
          <Rows
            label="Servers on it"
            rows={hypervisor.servers?.nodes}
            empty="There is no server on it."
            isCut={hypervisor.servers?.pageInfo.hasNextPage ?? false}
            columns={[
              { title: 'Name', cell: (each) => <Thing kind="Server" thing={each} /> },
              {
                title: 'Status',
                cell: (each) => <Status status={each.status} detail={each.taskState} />,
              },
              { title: 'Flavor', cell: (each) => each.flavorName ?? <None /> },
              { title: 'vCPU', isNumber: true, cell: (each) => formatCount(each.vcpus) },
              { title: 'Memory', isNumber: true, cell: (each) => formatMib(each.ramMib) },
              {
                title: 'Project',
                cell: (each) => <Thing kind="Project" thing={each.project} />,
              },
            ]}
          />
        </Card>
        <Card title="What Placement counts">
          <Rows
            label="Inventories"
            rows={hypervisor.resourceProvider?.inventories}
            empty="Placement counts nothing."
            columns={[
              { title: 'Class', cell: (each) => <code>{each.resourceClass}</code> },
              {
                title: 'Total',
                isNumber: true,
                cell: (each) => formatOfClass(each.resourceClass, each.total),
              },
              {
                title: 'Reserved',
                isNumber: true,
                cell: (each) => formatOfClass(each.resourceClass, each.reserved),
              },
              { title: 'Ratio', isNumber: true, cell: (each) => each.allocationRatio },
              {
                title: 'Capacity',
                isNumber: true,
                cell: (each) => formatOfClass(each.resourceClass, each.capacity),
              },
              {
                title: 'Used',
                isNumber: true,
                cell: (each) => formatOfClass(each.resourceClass, each.used),
              },
            ]}
          />
        </Card>
      </div>
    </div>
  );
}
