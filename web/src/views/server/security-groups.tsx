import { Thing } from '../../ui/link';
import { Card } from '../../ui/view';
import { Rules } from '../parts/rules';
import type { Server } from './query';

export function SecurityGroups({ server }: { server: Server }) {
  const rules = server.securityGroups?.nodes.flatMap((group) =>
    (group.rules?.nodes ?? []).map((rule) => ({ ...rule, group })),
  );
  return (
    <Card
      title="Security groups"
      aside={server.securityGroups ? undefined : server.securityGroupNames.join(', ')}
    >
      <Rules
        rules={rules}
        before={[
          { title: 'Group', cell: (rule) => <Thing kind="SecurityGroup" thing={rule.group} /> },
        ]}
      />
    </Card>
  );
}
