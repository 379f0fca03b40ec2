// What is shown is in the URL, so that it can be sent to somebody and gone back to.

import { createContext, useCallback, useMemo } from 'react';
import { useLocation, useSearchParams } from 'wouter';

/** The parameter that names the cloud stays when one goes elsewhere. */
export const CLOUD = 'cloud';

export function useParameter(name: string): [string, (value: string | null) => void] {
  const [parameters, setParameters] = useSearchParams();
  const set = useCallback(
    (value: string | null) =>
      setParameters(
        (before) => {
          const after = new URLSearchParams(before);
          if (value) after.set(name, value);
          else after.delete(name);
          return after;
        },
        { replace: true },
      ),
    [name, setParameters],
  );
  return [parameters.get(name) ?? '', set];
}

/** Several values in one parameter, separated by commas. */
export function useListParameter(name: string): [string[], (values: string[]) => void] {
  const [text, setText] = useParameter(name);
  const values = useMemo(() => (text ? text.split(',') : []), [text]);
  return [values, useCallback((next: string[]) => setText(next.join(',')), [setText])];
}

/** What says where one is and how it is shown, and not which rows. */
const KEPT = [CLOUD, 'tab', 'order', 'columns'];

/** Takes the filters away. */
export function useClearFilters(): () => void {
  const [, setParameters] = useSearchParams();
  return useCallback(
    () =>
      setParameters(
        (before) => new URLSearchParams([...before].filter(([name]) => KEPT.includes(name))),
        { replace: true },
      ),
    [setParameters],
  );
}

/** The same as `useCloudName`, for the many who only read it. */
export const CloudContext = createContext<string | null>(null);

/** The name of the cloud that is looked at; null is the default one. */
export function useCloudName(): string | null {
  const [name] = useParameter(CLOUD);
  return name || null;
}

/** A link to a path that stays in the cloud. */
export function hrefIn(cloud: string | null, path: string): string {
  if (!cloud) return path;
  const separator = path.includes('?') ? '&' : '?';
  return `${path}${separator}${CLOUD}=${encodeURIComponent(cloud)}`;
}

export function useGoTo(): (path: string) => void {
  const [, navigate] = useLocation();
  const cloud = useCloudName();
  return useCallback((path: string) => navigate(hrefIn(cloud, path)), [navigate, cloud]);
}

/** The order of a list, as `name` or `-createdAt`. */
export interface Order {
  field: string;
  isDescending: boolean;
}

export function parseOrder(text: string): Order | null {
  if (!text) return null;
  return text.startsWith('-')
    ? { field: text.slice(1), isDescending: true }
    : { field: text, isDescending: false };
}
