import { useEffect, useRef, useSyncExternalStore } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { useCloudName } from '../lib/url-state';
import { useTheme } from '../lib/theme';

interface Samples {
  at: number[];
  values: (number | null)[][];
}

/** What was seen while this tab was open, for each cloud: the graph keeps no history. */
const samples = new Map<string, Samples>();
const listeners = new Set<() => void>();
const MOST = 720;

function record(cloud: string, at: number, values: (number | null)[]) {
  const seconds = Math.round(at / 1000);
  const before = samples.get(cloud) ?? { at: [], values: values.map(() => []) };
  if (before.at.at(-1) === seconds) return;
  samples.set(cloud, {
    at: [...before.at, seconds].slice(-MOST),
    values: before.values.map((series, index) => [...series, values[index] ?? null].slice(-MOST)),
  });
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** How percentages went since the page was opened. */
export function Trend({
  names,
  values,
  at,
  label,
}: {
  names: string[];
  values: (number | null)[] | null;
  at: number | null;
  label: string;
}) {
  const cloud = useCloudName() ?? '';
  const theme = useTheme();
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const kept = useSyncExternalStore(subscribe, () => samples.get(cloud));
  const key = names.join();
  // Two points are no trend.
  const isHidden = !kept || kept.at.length < 3;

  useEffect(() => {
    const element = frame.current;
    if (!element || isHidden) return;
    const style = getComputedStyle(document.documentElement);
    const token = (name: string) => style.getPropertyValue(name).trim();
    const colours = [token('--accent'), token('--busy'), token('--unknown')];
    const dashes = [[], [6, 4], [2, 3]];
    const axis = {
      stroke: token('--muted'),
      grid: { stroke: token('--line'), width: 1 },
      ticks: { show: false },
      font: `11px ${token('--font')}`,
    };
    const chart = new UPlot(
      {
        width: element.clientWidth - 24,
        height: 140,
        legend: { live: false },
        cursor: { drag: { x: false, y: false }, points: { size: 6 } },
        scales: { y: { range: [0, 100] } },
        axes: [
          { ...axis, space: 70, size: 26 },
          {
            ...axis,
            size: 42,
            splits: () => [0, 50, 100],
            values: (_, ticks) => ticks.map((tick) => `${tick} %`),
          },
        ],
        series: [
          {},
          ...key.split(',').map((name, index) => ({
            label: name,
            stroke: colours[index] ?? token('--text'),
            dash: dashes[index] ?? [],
            width: 2,
            points: {
              show: (_: UPlot, __: number, first: number, last: number) => last - first < 2,
            },
          })),
        ],
      },
      [[], ...key.split(',').map(() => [])],
      element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() =>
      chart.setSize({ width: Math.max(120, element.clientWidth - 24), height: 140 }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [key, theme, isHidden]);

  useEffect(() => {
    if (at !== null && values) record(cloud, at, values);
  }, [at, values, cloud]);

  useEffect(() => {
    if (kept) plot.current?.setData([kept.at, ...kept.values]);
  }, [kept, theme, isHidden]);

  return (
    <figure
      className="chart"
      ref={frame}
      role="img"
      aria-label={label}
      title={label}
      hidden={isHidden}
    />
  );
}
