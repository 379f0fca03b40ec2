import { Suspense, lazy, useEffect, useMemo, useRef } from 'react';
import { Route, Switch, useLocation } from 'wouter';

import { CALLER, type Caller, CallerContext, NOBODY } from './lib/caller';
import { forgetAnswers, useLive } from './lib/live';
import { forgetRecent } from './lib/recent';
import { useSession } from './lib/session';
import { CloudContext, useCloudName } from './lib/url-state';
import { Loading } from './ui/trouble';
import { Login } from './shell/login';
import { Shell } from './shell/shell';
import { Overview } from './views/overview';

const Servers = lazy(() => import('./views/servers').then((m) => ({ default: m.Servers })));
const Server = lazy(() => import('./views/server').then((m) => ({ default: m.Server })));
const Hypervisors = lazy(() =>
  import('./views/hypervisors').then((m) => ({ default: m.Hypervisors })),
);
const Hypervisor = lazy(() =>
  import('./views/hypervisor').then((m) => ({ default: m.Hypervisor })),
);
const Network = lazy(() => import('./views/network').then((m) => ({ default: m.Network })));
const Volumes = lazy(() => import('./views/volumes').then((m) => ({ default: m.Volumes })));
const Images = lazy(() => import('./views/images').then((m) => ({ default: m.Images })));
const Identity = lazy(() => import('./views/identity').then((m) => ({ default: m.Identity })));
const Stacks = lazy(() => import('./views/stacks').then((m) => ({ default: m.Stacks })));
const Stack = lazy(() => import('./views/stack').then((m) => ({ default: m.Stack })));
const Resource = lazy(() => import('./views/resource').then((m) => ({ default: m.Resource })));

export function App() {
  const { token, refusal } = useSession();
  // Whoever signs in anew is shown nothing of what another was.
  const lastToken = useRef(token);
  useEffect(() => {
    if (lastToken.current !== token) {
      forgetAnswers();
      forgetRecent();
    }
    lastToken.current = token;
  }, [token]);
  if (refusal !== null) return <Login refusal={refusal} />;
  return <Inside key={token ?? ''} />;
}

function Inside() {
  const cloud = useCloudName();
  const { data, error } = useLive(CALLER, { cloud }, { isOnce: true });
  const caller = useMemo<Caller>(() => {
    if (!data) return error ? { ...NOBODY, isKnown: true } : NOBODY;
    return {
      clouds: (data.clouds ?? []).map((each) => each.name).filter((name) => name !== null),
      cloudName: data.cloud?.name ?? cloud,
      credential: data.cloud?.credential ?? null,
      canModify: (data.__schema as { mutationType: unknown }).mutationType !== null,
      isKnown: true,
    };
  }, [data, error, cloud]);
  return (
    <CloudContext value={cloud}>
      <CallerContext value={caller}>
        <Shell>
          <Suspense fallback={<Loading />}>
            <Views key={cloud ?? ''} />
          </Suspense>
        </Shell>
      </CallerContext>
    </CloudContext>
  );
}

/** The path of every view. The server sends the page for these, and for nothing else. */
function Views() {
  const [path] = useLocation();
  return (
    <Switch>
      <Route path="/" component={Overview} />
      <Route path="/servers" component={Servers} />
      <Route path="/servers/:id">{({ id }) => <Server key={path} id={id} />}</Route>
      <Route path="/hypervisors" component={Hypervisors} />
      <Route path="/hypervisors/:id">{({ id }) => <Hypervisor key={path} id={id} />}</Route>
      <Route path="/network" component={Network} />
      <Route path="/volumes" component={Volumes} />
      <Route path="/images" component={Images} />
      <Route path="/identity" component={Identity} />
      <Route path="/stacks" component={Stacks} />
      <Route path="/stacks/:id">{({ id }) => <Stack key={path} id={id} />}</Route>
      <Route path="/:kind/:id">
        {({ kind, id }) => <Resource key={path} segment={kind} id={id} />}
      </Route>
      <Route>
        <div className="view">
          <h1>There is nothing here</h1>
          <p>The address names no view of this page.</p>
        </div>
      </Route>
    </Switch>
  );
}
