import { graphql } from '../../graphql/graphql';
import { formatCount, formatGib, formatMib } from '../../lib/format';
import { YesNo } from '../../ui/status';
import { ServersAround, kind, text } from './kind';

const FLAVOR = graphql(`
  query Flavor($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      flavor(id: $id) {
        id
        name
        description
        vcpus
        ramMib
        diskGib
        ephemeralGib
        swapMib
        isPublic
        extraSpecs
        servers(first: 200) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            status
            host
          }
        }
      }
    }
  }
`);

export const flavor = kind({
  what: 'flavor',
  list: { title: 'Flavors', path: '/servers?tab=flavors' },
  document: FLAVOR,
  pick: (data) => data.cloud?.flavor,
  name: (node) => node.name,
  facts: (node) => [
    ['vCPU', formatCount(node.vcpus)],
    ['Memory', formatMib(node.ramMib)],
    ['Disk', formatGib(node.diskGib)],
    ['Ephemeral disk', formatGib(node.ephemeralGib)],
    ['Swap', formatMib(node.swapMib)],
    ['Public', <YesNo key="public" value={node.isPublic} />],
    ['Description', text(node.description)],
    ...Object.entries(node.extraSpecs as Record<string, unknown>).map(
      ([name, value]) => [name, String(value)] as [string, string],
    ),
  ],
  related: (node) => <ServersAround of={node.servers} empty="No server has it." />,
});
