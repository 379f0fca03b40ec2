import { graphql } from '../../graphql/graphql';
import { Thing } from '../../ui/link';
import { Rows } from '../../ui/table';
import { Card } from '../../ui/view';
import { ServersAround, age, kind, text } from './kind';

const USER = graphql(`
  query User($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      user(id: $id) {
        id
        name
        description
        email
        isEnabled
        passwordExpiresAt
        domain {
          id
          name
        }
        defaultProjectId
        defaultProject {
          id
          name
        }
        groups(first: 100) {
          nodes {
            id
            name
          }
        }
        roleAssignments(first: 200) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            roleName
            scopeKind
            projectId
            projectName
            domainName
          }
        }
        servers(first: 100) {
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

export const user = kind({
  what: 'user',
  list: { title: 'Users', path: '/identity?tab=users' },
  document: USER,
  pick: (data) => data.cloud?.user,
  name: (node) => node.name,
  status: (node) => (node.isEnabled === null ? null : node.isEnabled ? 'ENABLED' : 'DISABLED'),
  facts: (node) => [
    ['E-mail', text(node.email)],
    ['Description', text(node.description)],
    ['Domain', text(node.domain?.name)],
    [
      'Default project',
      <Thing key="project" kind="Project" thing={node.defaultProject} id={node.defaultProjectId} />,
    ],
    ['Password expires', age(node.passwordExpiresAt)],
    ['Groups', text(node.groups?.nodes.map((each) => each.name).join(', '))],
  ],
  related: (node) => (
    <>
      <Card title="Roles">
        <Rows
          label="Roles"
          rows={node.roleAssignments?.nodes}
          empty="There are none."
          isCut={node.roleAssignments?.pageInfo.hasNextPage ?? false}
          columns={[
            { title: 'Role', cell: (each) => each.roleName },
            {
              title: 'On',
              cell: (each) =>
                each.projectId ? (
                  <Thing
                    kind="Project"
                    thing={each.projectName ? { id: each.projectId, name: each.projectName } : null}
                    id={each.projectId}
                  />
                ) : (
                  (each.domainName ?? each.scopeKind.toLowerCase())
                ),
            },
          ]}
        />
      </Card>
      <ServersAround of={node.servers} empty="There are none." />
    </>
  ),
});
