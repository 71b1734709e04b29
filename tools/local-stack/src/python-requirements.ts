/** The two lines of Python Celery that the tests hold against ours. */
export type CeleryLine = 'newest' | 'oldest';

/**
 * What to install for each line, in order of preference; the first that installs and imports is used. All of it pinned, so that
 * a run today and a run next year talk to the same peer. Celery 5.2 does not run on Python 3.12, whose standard library dropped
 * what it imports; there the oldest line that does is 5.3.
 */
export const pythonRequirements: Readonly<Record<CeleryLine, readonly (readonly string[])[]>> = {
  newest: [
    ['celery==5.7.0', 'kombu==5.7.0', 'amqp==5.4.2', 'billiard==4.3.2', 'vine==5.1.0', 'flask==3.1.3'],
  ],
  oldest: [
    ['celery==5.2.7', 'kombu==5.2.4', 'amqp==5.1.1', 'billiard==3.6.4.0', 'vine==5.0.0', 'flask==3.1.3'],
    ['celery==5.3.6', 'kombu==5.3.7', 'amqp==5.2.0', 'billiard==4.2.1', 'vine==5.1.0', 'flask==3.1.3'],
  ],
};
