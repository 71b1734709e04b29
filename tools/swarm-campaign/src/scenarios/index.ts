import type { Scenario } from '../scenario.ts';
import { brokenImage } from './broken-image.ts';
import { drain } from './drain.ts';
import { killOneOfThreeBrokers, killRabbitMq } from './kill-broker.ts';
import { killHost } from './kill-host.ts';
import { partition } from './partition.ts';
import { roll, rollBack } from './roll.ts';
import { scale } from './scale.ts';

/** With one broker, in this order. */
export const singleBrokerScenarios: readonly Scenario[] = [
  scale,
  roll,
  rollBack,
  brokenImage,
  drain,
  killHost,
  partition,
  killRabbitMq,
];

/** With three brokers. */
export const clusterScenarios: readonly Scenario[] = [killOneOfThreeBrokers];
