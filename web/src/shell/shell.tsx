import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';

import licenses from '../../generated/licenses.txt?url';
import { useCaller } from '../lib/caller';
import { currentToken, signOut } from '../lib/session';
import { type Theme, setTheme, useTheme } from '../lib/theme';
import { useCloudName } from '../lib/url-state';
import { Icon, type IconName } from '../ui/icon';
import { Go } from '../ui/link';
import { Search } from './search';

const VIEWS: { path: string; title: string; icon: IconName; owns: string[] }[] = [
  { path: '/', title: 'Overview', icon: 'overview', owns: [] },
  { path: '/servers', title: 'Servers', icon: 'servers', owns: ['/servers', '/flavors'] },
  { path: '/hypervisors', title: 'Hypervisors', icon: 'hypervisors', owns: ['/hypervisors'] },
  {
    path: '/network',
    title: 'Network',
    icon: 'network',
    owns: [
      '/network',
      '/networks',
      '/subnets',
      '/ports',
      '/routers',
      '/floating-ips',
      '/security-groups',
    ],
  },
  { path: '/volumes', title: 'Volumes', icon: 'volumes', owns: ['/volumes', '/snapshots'] },
  { path: '/images', title: 'Images', icon: 'images', owns: ['/images'] },
  {
    path: '/identity',
    title: 'Identity',
    icon: 'identity',
    owns: ['/identity', '/projects', '/users'],
  },
  { path: '/stacks', title: 'Stacks', icon: 'stacks', owns: ['/stacks'] },
];

export function Shell({ children }: { children: ReactNode }) {
  const [path] = useLocation();
  const [isOpen, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);

  // Who goes elsewhere by the keyboard begins at the top of what they went to.
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    setOpen(false);
    main.current?.focus({ preventScroll: true });
    main.current?.scrollTo(0, 0);
  }, [path]);

  return (
    <div className={`shell ${isOpen ? 'is-open' : ''}`}>
      <a className="skip" href="#main">
        Skip to the view
      </a>
      <header className="top">
        <button
          type="button"
          className="button icon-only nav-toggle"
          aria-label="Views"
          aria-expanded={isOpen}
          aria-controls="views"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? 'close' : 'menu'} />
        </button>
        <Go to="/" className="brand" label="OpenStack Ops: overview">
          <span className="brand-mark" aria-hidden="true">
            <Icon name="overview" />
          </span>
          <span>
            OpenStack <strong>Ops</strong>
          </span>
        </Go>
        <CloudSwitcher />
        <Search />
        <div className="top-end">
          <ThemeButton />
          {currentToken() ? (
            <button
              type="button"
              className="button icon-only"
              title="Sign out of this tab"
              aria-label="Sign out"
              onClick={signOut}
            >
              <Icon name="out" />
            </button>
          ) : null}
        </div>
      </header>
      <nav className="side" id="views" aria-label="Views">
        <ul>
          {VIEWS.map((view) => {
            const isHere =
              path === view.path ||
              view.owns.some((owned) => path === owned || path.startsWith(`${owned}/`));
            return (
              <li key={view.path} aria-current={isHere ? 'page' : undefined}>
                <Go to={view.path}>
                  <Icon name={view.icon} />
                  {view.title}
                </Go>
              </li>
            );
          })}
          <li className="side-apart">
            {/* A document of its own, since its editor needs a looser policy. */}
            <a href="/graphiql">
              <Icon name="graph" />
              GraphiQL
            </a>
          </li>
        </ul>
        <div className="side-foot">
          <Who />
          <a href={licenses}>Licences</a>
        </div>
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

/** As whom the cloud is looked at: it decides what there is to see. */
function Who() {
  const { credential, canModify, isKnown } = useCaller();
  if (!isKnown) return null;
  return (
    <div className="who">
      {credential ? (
        <>
          <strong>{credential.userName}</strong>
          <span title="The project of the credential">
            {credential.projectName ?? 'no project'}
          </span>
          <span>{credential.isAdmin ? 'sees all projects' : 'sees its own project'}</span>
        </>
      ) : (
        <span>Credential unknown</span>
      )}
      <span className={canModify ? 'may-modify' : ''}>
        {canModify ? 'may change things' : 'read-only'}
      </span>
    </div>
  );
}

function CloudSwitcher() {
  const { clouds, cloudName } = useCaller();
  const chosen = useCloudName();
  const [path, navigate] = useLocation();
  if (clouds.length === 0) return <span className="cloud-switcher" />;
  const current = chosen ?? cloudName ?? '';
  return (
    <label className="cloud-switcher" title="The cloud and region that is looked at">
      <Icon name="cloud" />
      <span className="visually-hidden">Cloud</span>
      <select
        value={current}
        onChange={(event) => {
          // What is open in one cloud is not there in another: its list is.
          const list = `/${path.split('/')[1] ?? ''}`;
          navigate(`${list}?cloud=${encodeURIComponent(event.target.value)}`);
        }}
      >
        {clouds.includes(current) ? null : <option value={current}>{current}</option>}
        {clouds.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

const NEXT: Record<Theme, { next: Theme; icon: IconName; title: string }> = {
  system: { next: 'light', icon: 'system', title: 'Colours as the system has them' },
  light: { next: 'dark', icon: 'sun', title: 'Light' },
  dark: { next: 'system', icon: 'moon', title: 'Dark' },
};

function ThemeButton() {
  const theme = useTheme();
  const { next, icon, title } = NEXT[theme];
  return (
    <button
      type="button"
      className="button icon-only"
      title={`${title}; change`}
      aria-label={`Colours: ${theme}. Change`}
      onClick={() => setTheme(next)}
    >
      <Icon name={icon} />
    </button>
  );
}
