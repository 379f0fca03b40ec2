import { type MouseEvent, type ReactNode, useContext } from 'react';
import { navigate } from 'wouter/use-browser-location';

import { nameOf, shortId } from '../lib/format';
import { pathOf } from '../lib/kinds';
import { CloudContext, hrefIn } from '../lib/url-state';
import { None } from './status';

function follow(event: MouseEvent<HTMLAnchorElement>) {
  // Who wants another tab or a download gets it from the browser.
  const isOwn =
    event.button !== 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
  if (event.defaultPrevented || isOwn) return;
  event.preventDefault();
  const { pathname, search } = event.currentTarget;
  navigate(`${pathname}${search}`);
}

/** A link within the page, and within the cloud. There are many: it subscribes to nothing. */
export function Go({
  to,
  className,
  isHere = false,
  label,
  children,
}: {
  to: string;
  className?: string;
  /** It leads to what is shown now. */
  isHere?: boolean;
  /** What it is called where its content may be hidden. */
  label?: string;
  children: ReactNode;
}) {
  const cloud = useContext(CloudContext);
  return (
    <a
      href={hrefIn(cloud, to)}
      className={className}
      onClick={follow}
      aria-label={label}
      aria-current={isHere ? 'page' : undefined}
    >
      {children}
    </a>
  );
}

/** A thing by its name, leading to it. What could not be had is shown by its id. */
export function Thing({
  kind,
  thing,
  id,
}: {
  kind: string;
  thing?: { id?: string | null; name?: string | null } | null | undefined;
  /** The raw id, for when the thing itself could not be had. */
  id?: string | null | undefined;
}) {
  const known = thing?.id ?? id;
  if (!known) return <None />;
  const label = thing ? nameOf({ name: thing.name, id: known }) : shortId(known);
  const path = pathOf(kind, known);
  const isId = !thing?.name;
  const text = isId ? <code title={known}>{label}</code> : label;
  return path ? <Go to={path}>{text}</Go> : <span title={known}>{text}</span>;
}
