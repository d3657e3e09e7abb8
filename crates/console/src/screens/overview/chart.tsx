import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { locale } from '../../i18n';

export interface Series { name: string; values: number[] }

interface ChartProps { label: string; times: number[]; series: Series[]; format: (value: number) => string }

const HEIGHT = 220;
/** One for each series; the legend and the table name them. */
const COLOURS = ['--accent', '--good', '--warn', '--bad'];

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Bars over time. It is a picture: the table below it has the same numbers. */
export function Chart({ label, times, series, format }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const content = JSON.stringify([times, series, locale()]);
  useEffect(() => {
    const target = box.current;
    if (target === null) return undefined;
    const plot = new uPlot(optionsFor(target.clientWidth, times, series, format), [times.map((it) => it / 1000), ...series.map((it) => it.values)], target);
    const watch = new ResizeObserver(() => plot.setSize({ width: target.clientWidth, height: HEIGHT }));
    watch.observe(target);
    return () => { watch.disconnect(); plot.destroy(); };
  }, [content]);
  return <div ref={box} class="chart" role="img" aria-label={label} />;
}

function optionsFor(width: number, times: number[], series: Series[], format: (value: number) => string): uPlot.Options {
  const bars = uPlot.paths.bars?.({ size: [0.7 / series.length, 40], align: series.length > 1 ? 1 : 0, radius: 0.15 });
  const axis = { stroke: () => colour('--muted'), grid: { stroke: () => colour('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui' };
  const days = (times[1] ?? 0) - (times[0] ?? 0) > 3_600_000;
  const clock = new Intl.DateTimeFormat(locale(), days ? { month: 'short', day: 'numeric' } : { hour: '2-digit', minute: '2-digit' });
  return {
    width, height: HEIGHT, cursor: { y: false, points: { show: false } }, legend: { show: series.length > 1, live: false },
    scales: { x: { time: true, range: (_, min, max) => [min - 1800, max + ((times[1] ?? 0) - (times[0] ?? 0)) / 1000] }, y: { range: (_, __, max) => [0, Math.max(1, max * 1.15)] } },
    axes: [{ ...axis, size: 32, grid: { show: false }, values: (_, ticks) => ticks.map((it) => clock.format(new Date(it * 1000))) }, { ...axis, size: 72, values: (_, ticks) => ticks.map(format) }],
    series: [{}, ...series.map((it, index) => ({
      label: it.name, stroke: () => colour(COLOURS[index % COLOURS.length] ?? '--accent'), fill: () => colour(COLOURS[index % COLOURS.length] ?? '--accent'), width: 0, ...(bars ? { paths: bars } : {}), points: { show: false },
    }))],
  };
}
