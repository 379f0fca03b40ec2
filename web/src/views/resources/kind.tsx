import type { ReactNode } from 'react';
import type { TypedDocumentNode } from 'urql';

import { graphql, type ResultOf } from '../../graphql/graphql';
import { formatGib } from '../../lib/format';
import { Thing } from '../../ui/link';
import { None, Status } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Age } from '../../ui/time';
import { Card } from '../../ui/view';

/** How a kind of thing is asked for and shown. */
export interface Kind<Data = unknown, Node = unknown> {
  /** What it is called, as `floating IP`. */
  what: string;
  /** The list it is in. */
  list: { title: string; path: string };
  document: TypedDocumentNode<Data, { cloud?: string | null; id: string }>;
  pick: (data: Data) => Node | null | undefined;
  name: (node: Node) => string | null;
  status?: (node: Node) => string | null;
  facts: (node: Node) => [string, ReactNode][];
  related: (node: Node) => ReactNode;
}

/** Keeps the types of a kind together, and forgets them for the view that shows all kinds. */
export function kind<Data, Node>(definition: Kind<Data, Node>): Kind {
  return definition as unknown as Kind;
}

export function text(value: string | number | null | undefined): ReactNode {
  return value == null || value === '' ? <None /> : value;
}

export function age(time: string | null | undefined): ReactNode {
  return time ? <Age time={time} /> : <None />;
}

interface Listed<Row> {
  nodes: Row[];
  pageInfo?: { hasNextPage: boolean };
}

/** A list of things around one. */
export function Around<Row extends { id: string; name?: string | null }>({
  title,
  kind,
  of,
  empty,
  columns = [],
}: {
  title: string;
  kind: string;
  of: Listed<Row> | null | undefined;
  empty: string;
  columns?: { title: string; cell: (row: Row) => ReactNode; isNumber?: boolean }[];
}) {
  return (
    <Card title={title}>
      <Rows
        label={title}
        rows={of?.nodes}
        empty={empty}
        isCut={of?.pageInfo?.hasNextPage ?? false}
        columns={[{ title: 'Name', cell: (row) => <Thing kind={kind} thing={row} /> }, ...columns]}
      />
    </Card>
  );
}

interface ServerRow {
  id: string;
  name: string | null;
  status: string;
  host?: string | null;
}

export function ServersAround({ of, empty }: { of: Listed<ServerRow> | null; empty: string }) {
  return (
    <Around
      title="Servers"
      kind="Server"
      of={of}
      empty={empty}
      columns={[
        { title: 'Status', cell: (row) => <Status status={row.status} /> },
        { title: 'Host', cell: (row) => text(row.host) },
      ]}
    />
  );
}

interface VolumeRow {
  id: string;
  name: string | null;
  status: string;
  sizeGib: number | null;
}

export function VolumesAround({
  of,
  title,
  empty,
  kind: kindName = 'Volume',
}: {
  of: Listed<VolumeRow> | null;
  title: string;
  empty: string;
  kind?: string;
}) {
  return (
    <Around
      title={title}
      kind={kindName}
      of={of}
      empty={empty}
      columns={[
        { title: 'Size', isNumber: true, cell: (row) => formatGib(row.sizeGib) },
        { title: 'Status', cell: (row) => <Status status={row.status} /> },
      ]}
    />
  );
}

export const PORT_ROW = graphql(`
  fragment PortRow on Port {
    id
    name
    status
    deviceOwner
    serverId
    server {
      id
      name
    }
    fixedIps {
      ipAddress
    }
  }
`);

export function PortsAround({ of }: { of: Listed<ResultOf<typeof PORT_ROW>> | null }) {
  return (
    <Around
      title="Ports"
      kind="Port"
      of={of}
      empty="It has no port."
      columns={[
        {
          title: 'Address',
          cell: (row) => text(row.fixedIps.map((each) => each.ipAddress).join(', ')),
        },
        {
          title: 'Of',
          cell: (row) =>
            row.serverId ? (
              <Thing kind="Server" thing={row.server} id={row.serverId} />
            ) : (
              text(row.deviceOwner)
            ),
        },
        { title: 'Status', cell: (row) => <Status status={row.status} /> },
      ]}
    />
  );
}

interface FloatingIpRow {
  id: string;
  floatingIpAddress: string | null;
  fixedIpAddress: string | null;
  status: string;
}

export function FloatingIpsAround({ of }: { of: Listed<FloatingIpRow> | null }) {
  return (
    <Around
      title="Floating IPs"
      kind="FloatingIp"
      of={
        of ? { ...of, nodes: of.nodes.map((row) => ({ ...row, name: row.floatingIpAddress })) } : of
      }
      empty="It has no floating IP."
      columns={[
        { title: 'Leads to', cell: (row) => text(row.fixedIpAddress) },
        { title: 'Status', cell: (row) => <Status status={row.status} /> },
      ]}
    />
  );
}
