import { graphql } from '../../graphql/graphql';
import { Thing } from '../../ui/link';
import { YesNo } from '../../ui/status';
import { Card } from '../../ui/view';
import { RULE, Rules } from '../parts/rules';
import { PORT_ROW, PortsAround, age, kind, text } from './kind';

const SECURITY_GROUP = graphql(
  `
    query SecurityGroup($cloud: String, $id: Ref!) {
      cloud(name: $cloud) {
        securityGroup(id: $id) {
          id
          name
          description
          isStateful
          isShared
          projectId
          project {
            id
            name
          }
          createdAt
          updatedAt
          rules(first: 500) {
            pageInfo {
              hasNextPage
            }
            nodes {
              ...Rule
            }
          }
          ports(first: 200) {
            pageInfo {
              hasNextPage
            }
            nodes {
              ...PortRow
            }
          }
        }
      }
    }
  `,
  [PORT_ROW, RULE],
);

export const securityGroup = kind({
  what: 'security group',
  list: { title: 'Security groups', path: '/network?tab=security-groups' },
  document: SECURITY_GROUP,
  pick: (data) => data.cloud?.securityGroup,
  name: (node) => node.name,
  facts: (node) => [
    ['Description', text(node.description)],
    ['Stateful', <YesNo key="stateful" value={node.isStateful} />],
    ['Shared', <YesNo key="shared" value={node.isShared} />],
    ['Project', <Thing key="project" kind="Project" thing={node.project} id={node.projectId} />],
    ['Created', age(node.createdAt)],
    ['Changed', age(node.updatedAt)],
  ],
  related: (node) => (
    <>
      <Card title="Rules">
        <Rules
          rules={node.rules?.nodes}
          isCut={node.rules?.pageInfo.hasNextPage ?? false}
          after={[{ title: 'Description', cell: (rule) => text(rule.description) }]}
        />
      </Card>
      <PortsAround of={node.ports} />
    </>
  ),
});
