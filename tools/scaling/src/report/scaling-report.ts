import type { Measurements, Setting } from '../point-file.ts';
import { rateOf, type Point, type RatePoint, type SeriesName } from '../point.ts';
import { burstTable } from './burst-table.ts';
import { fitCurves } from './fitted-model.ts';
import { footprintTable } from './footprint-table.ts';
import { grouped } from './markdown-table.ts';
import { feedingTable, predictionTable } from './prediction-table.ts';
import { concurrencyTable, curveTable, leaveOutTable, prefetchTable, queuesTable } from './rate-tables.ts';
import { summarise, type Summary } from './summary.ts';

/** A table of docs/scaling.md, or a line of it; the title is that of its place there. */
export interface Section {
  readonly title: string;
  readonly text: string;
}

/** All sections for which there are points. */
export function scalingSections({ setting, points }: Measurements): readonly Section[] {
  const summaries = (series: SeriesName): readonly Summary[] =>
    summarise(points.filter(isRate).filter((point) => point.series === series));
  const [replicas, saturation, queues] = [
    summaries('replicas'),
    summaries('saturation'),
    summaries('queues'),
  ];
  const sections: Section[] = [{ title: 'setting', text: settingText(setting, points) }];
  const add = (title: string, text: string): unknown => sections.push({ title, text });
  if (replicas.length > 0 && saturation.length > 0) {
    const curves = [...replicas, ...saturation];
    const model = fitCurves(curves);
    const { overheadSeconds, cap, sharpness } = model.all;
    add('replicas', curveTable(replicas, model));
    add('saturation', curveTable(saturation, model));
    add(
      'model',
      `o = ${(overheadSeconds * 1000).toFixed(2)} ms, C = ${grouped(cap)} tasks/s, p = ${sharpness.toFixed(1)}\n\n`,
    );
    add('predicted', leaveOutTable(curves, model));
    add('concurrency', concurrencyTable(summaries('concurrency'), model));
    const queue = queues.find(
      ({ configuration }) => configuration.queues === 1 && configuration.virtualHost === 'quorum',
    );
    if (queue !== undefined) {
      add('more replicas', predictionTable({ model: model.all, queue }));
      add('fed replicas', feedingTable({ model: model.all, queue }));
    }
  }
  add('prefetch', prefetchTable(summaries('prefetch')));
  add('burst', burstTable(points.filter((point) => point.kind === 'burst')));
  add('queues', queuesTable(queues));
  add('footprint', footprintTable(points.filter((point) => point.kind === 'footprint')));
  return sections;
}

/** The sections as Markdown, for standard output. */
export function scalingReport(measurements: Measurements): string {
  return scalingSections(measurements)
    .map(({ title, text }) => `## ${title}\n\n${text}`)
    .join('');
}

function isRate(point: Point): point is RatePoint {
  return point.kind === 'rate' && rateOf(point) > 0;
}

function settingText(setting: Setting, points: readonly Point[]): string {
  const versions = points.find((point) => point.kind === 'footprint')?.result.versions;
  const software =
    versions && `RabbitMQ ${versions.rabbitmq} on Erlang ${versions.erlang}, Node ${versions.node}, `;
  return (
    `Taken on ${setting.date} at commit ${setting.commit}: ${setting.rounds} rounds with windows of ${setting.windowSeconds} s; ` +
    `${setting.cores} cores (${setting.processor}), ${setting.memoryGiB} GiB, Linux ${setting.kernel}, ` +
    `${software ?? ''}Docker Engine ${setting.engine}.\n\n`
  );
}
