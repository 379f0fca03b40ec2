import { graphql } from '../../graphql/graphql';
import type { ThingOf } from '../../lib/types';
import { RULE } from '../parts/rules';

export const SERVER = graphql(
  `
    query Server($cloud: String, $id: Ref!) {
      cloud(name: $cloud) {
        server(id: $id) {
          id
          name
          description
          status
          vmState
          taskState
          powerState
          progress
          createdAt
          updatedAt
          launchedAt
          availabilityZone
          host
          hypervisorHostname
          instanceName
          hostname
          hostStatus
          flavorName
          vcpus
          ramMib
          diskGib
          ephemeralGib
          swapMib
          imageId
          keyName
          metadata
          tags
          isLocked
          lockedReason
          projectId
          userId
          securityGroupNames
          fault {
            code
            message
            createdAt
          }
          addresses {
            networkName
            address
            kind
            macAddress
          }
          flavor {
            id
            name
          }
          image {
            id
            name
            status
          }
          hypervisor {
            id
            name
            state
            status
          }
          hostAggregates(first: 20) {
            nodes {
              id
              name
            }
          }
          project {
            id
            name
          }
          user {
            id
            name
          }
          stack {
            id
            name
            status
          }
          serverGroups(first: 20) {
            nodes {
              id
              name
              policy
            }
          }
          ports(first: 50) {
            pageInfo {
              hasNextPage
            }
            nodes {
              id
              name
              status
              macAddress
              networkId
              network {
                id
                name
              }
              fixedIps {
                ipAddress
                subnet {
                  id
                  name
                  cidr
                }
              }
            }
          }
          floatingIps(first: 50) {
            nodes {
              id
              floatingIpAddress
              fixedIpAddress
              status
              network {
                id
                name
              }
            }
          }
          securityGroups(first: 50) {
            nodes {
              id
              name
              rules(first: 100) {
                pageInfo {
                  hasNextPage
                }
                nodes {
                  ...Rule
                }
              }
            }
          }
          volumes(first: 50) {
            pageInfo {
              hasNextPage
            }
            nodes {
              id
              name
              status
              sizeGib
              typeName
              isBootable
              attachments {
                id
                serverId
                device
              }
              snapshots(first: 20) {
                nodes {
                  id
                  name
                  status
                  createdAt
                }
              }
            }
          }
          actions(first: 20) {
            pageInfo {
              hasNextPage
            }
            nodes {
              requestId
              action
              startedAt
              message
              hasFailed
              userId
              user {
                id
                name
              }
              events {
                event
                startedAt
                finishedAt
                result
                host
                details
              }
            }
          }
          consoleLog(lines: 200)
        }
      }
    }
  `,
  [RULE],
);

export type Server = ThingOf<typeof SERVER, 'server'>;

/** That this server has changed: the rest is asked for. */
export const CHANGES = graphql(`
  subscription OneServer($cloud: String, $id: ID!) {
    serverChanged(cloud: $cloud, filter: { ids: [$id] }) {
      kind
      id
      seenAt
    }
  }
`);
