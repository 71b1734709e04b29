import { returnRoute } from './return-route.ts';
import { FakeDelivery, type FakeDeliveryFields } from '../testing/fake-delivery.ts';

const prefix = '0.'.repeat(25) + '1.0.1.';

describe('returnRoute', () => {
  it.each<[string, FakeDeliveryFields, string, string, string | undefined]>([
    ['the default exchange', { exchange: '', routingKey: 'shop' }, '', 'shop', 'shop'],
    ['an exchange', { exchange: 'ex', routingKey: 'a.b' }, 'ex', 'a.b', undefined],
    [
      'a delay, to a topic exchange',
      { exchange: 'celery_delayed_delivery', routingKey: `${prefix}a.b` },
      '',
      'shop',
      'shop',
    ],
    [
      'a delay of ours',
      { exchange: 'celery_delayed_delivery', routingKey: `${prefix}shop.celeriac_queue` },
      '',
      'shop',
      'shop',
    ],
  ])('leads back through %s', (_what, fields, exchange, routingKey, queue) => {
    const { address, declaration } = returnRoute(new FakeDelivery(fields));
    expect(address).toEqual({ exchange, routingKey });
    expect(declaration.topology().queues.map(({ name }) => name)).toEqual(queue === undefined ? [] : [queue]);
  });
});
