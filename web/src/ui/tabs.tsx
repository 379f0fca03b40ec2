import { type ComponentType, type ReactNode, useEffect, useRef } from 'react';

import { useParameter } from '../lib/url-state';
import { Go } from './link';

interface Tab {
  /** As the URL has it; the first one has none. */
  id: string;
  title: string;
  view: ComponentType<{ tabs: ReactNode }>;
}

/** Views that share a path. The URL says which one is shown. */
export function Tabbed({ label, path, tabs }: { label: string; path: string; tabs: Tab[] }) {
  const [chosen] = useParameter('tab');
  const here = tabs.find((tab) => tab.id === chosen) ?? tabs[0];
  const nav = useRef<HTMLElement>(null);
  // On a phone there may be more of them than fit, and the one that is shown has to be in sight.
  useEffect(() => {
    const shown = nav.current?.querySelector('[aria-current]');
    shown?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [here?.id]);
  if (!here) return null;
  const Here = here.view;
  return (
    <Here
      key={here.id}
      tabs={
        <nav className="tabs" aria-label={label} ref={nav}>
          {tabs.map((tab) => (
            <Go
              key={tab.id}
              to={tab.id ? `${path}?tab=${tab.id}` : path}
              isHere={tab.id === here.id}
            >
              {tab.title}
            </Go>
          ))}
        </nav>
      }
    />
  );
}
