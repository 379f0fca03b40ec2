import { graphql, type ResultOf } from '../../graphql/graphql';

const ROW = graphql(`
  fragment ServerRow on Server {
    id
    name
    status
    taskState
    powerState
    host
    availabilityZone
    flavorName
    vcpus
    ramMib
    diskGib
    imageId
    image @include(if: $withImage) {
      id
      name
    }
    addresses {
      address
      kind
    }
    keyName
    isLocked
    projectId
    project @include(if: $withProject) {
      id
      name
    }
    userId
    user @include(if: $withUser) {
      id
      name
    }
    createdAt
    updatedAt
  }
`);

export const SERVERS = graphql(
  `
    query Servers(
      $cloud: String
      $first: Int
      $after: String
      $filter: ServerFilter
      $orderBy: ServerOrder
      $withOptions: Boolean!
      $withHosts: Boolean!
      $withImage: Boolean!
      $withProject: Boolean!
      $withUser: Boolean!
    ) {
      cloud(name: $cloud) {
        servers(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
          totalCount @include(if: $withOptions)
          pageInfo {
            hasNextPage
            endCursor
          }
          nodes {
            ...ServerRow
          }
        }
        flavors(first: 1000, orderBy: { field: NAME }) @include(if: $withOptions) {
          nodes {
            id
            name
          }
        }
        images(first: 1000, orderBy: { field: NAME }) @include(if: $withOptions) {
          nodes {
            id
            name
          }
        }
        availabilityZones(first: 1000) @include(if: $withOptions) {
          nodes {
            name
          }
        }
        projects(first: 1000, orderBy: { field: NAME }) @include(if: $withOptions) {
          nodes {
            id
            name
          }
        }
        hypervisors(first: 1000, orderBy: { field: NAME }) @include(if: $withHosts) {
          nodes {
            host
          }
        }
      }
    }
  `,
  [ROW],
);

/** The rows of the list as they change. */
export const CHANGES = graphql(
  `
    subscription ServerRows(
      $cloud: String
      $filter: ServerFilter
      $withImage: Boolean!
      $withProject: Boolean!
      $withUser: Boolean!
    ) {
      serverChanged(cloud: $cloud, filter: $filter) {
        kind
        id
        seenAt
        server {
          ...ServerRow
        }
      }
    }
  `,
  [ROW],
);

export type Row = ResultOf<typeof ROW>;
