import type { ReactNode } from 'react';
import { Link } from 'wouter';

import { nameOf, shortId } from '../lib/format';
import { pathOf } from '../lib/kinds';
import { hrefIn, useCloudName } from '../lib/url-state';
import { None } from './status';

/** A link within the page, and within the cloud. */
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
  const cloud = useCloudName();
  return (
    <Link
      href={hrefIn(cloud, to)}
      className={className ?? ''}
      aria-label={label}
      aria-current={isHere ? 'page' : undefined}
    >
      {children}
    </Link>
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
