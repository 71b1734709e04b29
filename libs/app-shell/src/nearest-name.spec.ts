import { nearestName } from './nearest-name.ts';

const known = [
  'CELERY_BROKER_URL',
  'CELERY_TASK_ACKS_LATE',
  'CELERY_TASK_DEFAULT_QUEUE',
  'CELERY_WORKER_CONCURRENCY',
  'CELERY_WORKER_PREFETCH_MULTIPLIER',
  'CELERIAC_LOG_LEVEL',
];

describe('nearestName', () => {
  it.each([
    ['CELERY_BROKR_URL', 'CELERY_BROKER_URL'],
    ['CELERY_BROKER', 'CELERY_BROKER_URL'],
    ['CELERY_ACKS_LATE', 'CELERY_TASK_ACKS_LATE'],
    ['CELERY_DEFAULT_QUEUE', 'CELERY_TASK_DEFAULT_QUEUE'],
    ['CELERY_CONCURRENCY', 'CELERY_WORKER_CONCURRENCY'],
    ['CELERIAC_PREFETCH_MULTIPLIER', 'CELERY_WORKER_PREFETCH_MULTIPLIER'],
    ['CELERY_LOG_LEVEL', 'CELERIAC_LOG_LEVEL'],
    ['CELERY_TIMEZONE', undefined],
    ['CELERY_', undefined],
  ])('finds for %s: %s', (unknown, nearest) => {
    expect(nearestName(unknown, known)).toBe(nearest);
  });

  it('takes the nearest of several, not the first', () => {
    expect(nearestName('X_ABCD', ['X_ABXX', 'X_ABCX'])).toBe('X_ABCX');
  });
});
