import { Thing } from '../../ui/link';
import { None, Status } from '../../ui/status';
import { Rows } from '../../ui/table';
import { Card } from '../../ui/view';
import type { Server } from './query';

export function Ports({ server }: { server: Server }) {
  return (
    <Card title="Ports and addresses">
      {server.ports ? (
        <Rows
          label="Ports"
          rows={server.ports.nodes}
          empty="It has no port."
          isCut={server.ports.pageInfo.hasNextPage}
          columns={[
            {
              title: 'Network',
              cell: (port) => <Thing kind="Network" thing={port.network} id={port.networkId} />,
            },
            {
              title: 'Address',
              cell: (port) =>
                port.fixedIps.map((each) => (
                  <div key={each.ipAddress} title={each.subnet?.cidr ?? undefined}>
                    {each.ipAddress}
                  </div>
                )),
            },
            {
              title: 'Floating IP',
              cell: (port) => {
                const own = (server.floatingIps?.nodes ?? []).filter((floatingIp) =>
                  port.fixedIps.some((each) => each.ipAddress === floatingIp.fixedIpAddress),
                );
                if (!server.floatingIps) return 'unknown';
                if (own.length === 0) return <None />;
                return own.map((each) => (
                  <div key={each.id}>
                    <Thing
                      kind="FloatingIp"
                      thing={{ id: each.id, name: each.floatingIpAddress }}
                    />
                  </div>
                ));
              },
            },
            { title: 'MAC', cell: (port) => <code>{port.macAddress}</code> },
            { title: 'Status', cell: (port) => <Status status={port.status} /> },
            { title: 'Port', cell: (port) => <Thing kind="Port" thing={port} /> },
          ]}
        />
      ) : (
        <>
          <p className="empty">Ports could not be read; these are the addresses Nova knows.</p>
          <Rows
            label="Addresses"
            rows={server.addresses}
            empty="It has no address."
            columns={[
              { title: 'Network', cell: (each) => each.networkName },
              { title: 'Address', cell: (each) => each.address },
              { title: 'Kind', cell: (each) => each.kind.toLowerCase() },
            ]}
          />
        </>
      )}
    </Card>
  );
}
