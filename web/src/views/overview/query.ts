import { graphql, type ResultOf } from '../../graphql/graphql';
import { QUOTA_LINE } from '../parts/quotas';

export const OVERVIEW = graphql(
  `
    query Overview($cloud: String) {
      cloud(name: $cloud) {
        name
        regionName
        apis {
          service
          codeName
          isAvailable
          reason
          version
          maxMicroversion
          milliseconds
        }
        health {
          score
          status
          confidence
          checks {
            name
            outcome
            seen
            resourceCount
            resources {
              kind
              id
              name
              detail
            }
          }
        }
        capacity {
          vcpus {
            physical
            capacity
            used
            free
            usedPercent
          }
          memoryMib {
            physical
            capacity
            used
            free
            usedPercent
          }
          diskGib {
            physical
            capacity
            used
            free
            usedPercent
          }
          hypervisorCount
          runningServers
        }
        serverCounts {
          status
          count
        }
        hypervisors(first: 8, orderBy: { field: MEMORY_USED, direction: DESC }) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            name
            state
            status
            capacity {
              vcpus {
                capacity
                used
                usedPercent
              }
              memoryMib {
                capacity
                used
                usedPercent
              }
            }
          }
        }
        computeServices(first: 1000) {
          nodes {
            id
            binary
            host
            status
            state
            updatedAt
          }
        }
        networkAgents(first: 1000) {
          nodes {
            id
            agentType
            host
            isAlive
            isAdminStateUp
            heartbeatAt
          }
        }
        volumeServices(first: 1000) {
          nodes {
            id
            binary
            host
            status
            state
            updatedAt
          }
        }
        recentServers: servers(first: 8, orderBy: { field: UPDATED_AT, direction: DESC }) {
          nodes {
            id
            name
            status
            taskState
            updatedAt
          }
        }
        recentVolumes: volumes(first: 8, orderBy: { field: UPDATED_AT, direction: DESC }) {
          nodes {
            id
            name
            status
            updatedAt
          }
        }
        recentStacks: stacks(first: 8, orderBy: { field: UPDATED_AT, direction: DESC }) {
          nodes {
            id
            name
            status
            updatedAt
          }
        }
        orphans {
          floatingIps(first: 100) {
            nodes {
              id
              name: floatingIpAddress
            }
          }
          ports(first: 100) {
            nodes {
              id
              name
            }
          }
          volumes(first: 100) {
            nodes {
              id
              name
              sizeGib
            }
          }
          unattachedVolumes(first: 100) {
            nodes {
              id
              name
              sizeGib
            }
          }
          volumeSnapshots(first: 100) {
            nodes {
              id
              name
            }
          }
          ofUnknownProjects {
            kind
            id
            name
            detail
          }
          unseen {
            what
            reason
          }
        }
        computeQuota {
          project {
            id
            name
          }
          servers {
            ...QuotaLine
          }
          vcpus {
            ...QuotaLine
          }
          ramMib {
            ...QuotaLine
          }
        }
        volumeQuota {
          volumes {
            ...QuotaLine
          }
          sizeGib {
            ...QuotaLine
          }
        }
        networkQuota {
          floatingIps {
            ...QuotaLine
          }
          ports {
            ...QuotaLine
          }
        }
      }
    }
  `,
  [QUOTA_LINE],
);

export type Cloud = NonNullable<ResultOf<typeof OVERVIEW>['cloud']>;
