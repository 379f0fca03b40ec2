import { useEffect, useRef, useState } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { useCloudName } from '../lib/url-state';
import { useTheme } from '../lib/theme';

/** What was seen while this tab was open, for each cloud: the graph keeps no history. */
const samples = new Map<string, { at: number[]; values: (number | null)[][] }>();
const MOST = 720;

function record(cloud: string, at: number, values: (number | null)[]) {
  const kept = samples.get(cloud) ?? { at: [], values: values.map(() => []) };
  samples.set(cloud, kept);
  const seconds = Math.round(at / 1000);
  if (kept.at.at(-1) === seconds) return kept;
  kept.at.push(seconds);
  values.forEach((value, index) => kept.values[index]?.push(value));
  if (kept.at.length > MOST) {
    kept.at.shift();
    for (const series of kept.values) series.shift();
  }
  return kept;
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
  const [count, setCount] = useState(0);
  const key = names.join();

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
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
          { ...axis, size: 42, splits: () => [0, 50, 100], values: (_, ticks) => ticks.map((tick) => `${tick} %`) },
        ],
        series: [
          {},
          ...key.split(',').map((name, index) => ({
            label: name,
            stroke: colours[index] ?? token('--text'),
            dash: dashes[index] ?? [],
            width: 2,
            points: { show: (_: UPlot, __: number, first: number, last: number) => last - first < 2 },
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
  }, [key, theme]);

  useEffect(() => {
    if (at === null || !values) return;
    const kept = record(cloud, at, values);
    plot.current?.setData([kept.at, ...kept.values]);
    setCount(kept.at.length);
  }, [at, values, cloud, theme]);

  return (
    <figure className="chart" ref={frame} role="img" aria-label={label} title={label} hidden={count < 1} />
  );
}
