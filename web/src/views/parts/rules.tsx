import type { ReactNode } from 'react';

import { graphql, type ResultOf } from '../../graphql/graphql';
import { portRange } from '../../lib/format';
import { Thing } from '../../ui/link';
import { Rows } from '../../ui/table';

export const RULE = graphql(`
  fragment Rule on SecurityGroupRule {
    id
    direction
    ethertype
    protocol
    portRangeMin
    portRangeMax
    remoteIpPrefix
    remoteGroupId
    remoteGroup {
      id
      name
    }
    description
  }
`);

type Rule = ResultOf<typeof RULE>;

interface RuleColumn<Row> {
  title: string;
  cell: (rule: Row) => ReactNode;
}

/** What security groups let in and out. */
export function Rules<Row extends Rule>({
  rules,
  isCut = false,
  before = [],
  after = [],
}: {
  rules: Row[] | null | undefined;
  /** Whether there are more than these. */
  isCut?: boolean;
  /** Columns on the left of what a rule says, and on the right. */
  before?: RuleColumn<Row>[];
  after?: RuleColumn<Row>[];
}) {
  return (
    <Rows
      label="Security group rules"
      rows={rules}
      empty="No rule lets anything in or out."
      isCut={isCut}
      columns={[
        ...before,
        { title: 'Direction', cell: (rule) => (rule.direction === 'INGRESS' ? '→ in' : '← out') },
        {
          title: 'Protocol',
          cell: (rule) => `${rule.protocol ?? 'any'} (${rule.ethertype.replace('IPV', 'IPv')})`,
        },
        { title: 'Ports', cell: (rule) => portRange(rule.portRangeMin, rule.portRangeMax) },
        {
          title: 'Remote',
          cell: (rule) =>
            rule.remoteGroupId ? (
              <Thing kind="SecurityGroup" thing={rule.remoteGroup} id={rule.remoteGroupId} />
            ) : (
              (rule.remoteIpPrefix ?? 'anywhere')
            ),
        },
        ...after,
      ]}
    />
  );
}
