import { useMemo, useState } from 'react';

import { isMissing } from '../lib/errors';
import { nameOf } from '../lib/format';
import { useLive } from '../lib/live';
import { useCloudName } from '../lib/url-state';
import { told, watch } from '../lib/watch';
import { DetailView } from '../ui/detail';
import { About } from './server/about';
import { Actions } from './server/actions';
import { Console } from './server/console';
import { Head } from './server/head';
import { Ports } from './server/ports';
import { CHANGES, SERVER } from './server/query';
import { SecurityGroups } from './server/security-groups';
import { Volumes } from './server/volumes';

/** Everything around a server. */
export function Server({ id }: { id: string }) {
  const cloud = useCloudName();
  const variables = { cloud, id };
  const [isChanging, setChanging] = useState(false);
  const watches = useMemo(
    () => [watch(CHANGES, { cloud, id }, ({ serverChanged }) => told('Server', serverChanged))],
    [cloud, id],
  );
  const live = useLive(SERVER, variables, { hurry: isChanging ? 3 : undefined, watches });
  const server = live.data?.cloud?.server;
  const isUnderWay = server?.taskState != null;
  // While something is under way it is looked at more often.
  if (isUnderWay !== isChanging) setChanging(isUnderWay);

  return (
    <DetailView
      what="server"
      id={id}
      title={server ? nameOf(server) : null}
      list={{ title: 'Servers', path: '/servers' }}
      live={live}
      node={server}
      shown={{ document: SERVER, variables }}
    >
      {(server) => (
        <>
          <Head server={server} refresh={live.refresh} />
          <div className="grid">
            <div className="stack span-4">
              <About server={server} isStackUnknown={isMissing(live.error, 'server.stack')} />
            </div>
            <div className="stack span-8">
              <Ports server={server} />
              <Volumes server={server} />
              <SecurityGroups server={server} />
            </div>
            <div className="span-12">
              <Actions server={server} />
            </div>
            <div className="span-12">
              <Console server={server} />
            </div>
          </div>
        </>
      )}
    </DetailView>
  );
}
