import { loopbackBrokerUrl, shownBrokerUrl } from './broker-url.ts';

describe('shownBrokerUrl', () => {
  it.each([
    [loopbackBrokerUrl(5672), 'amqp://127.0.0.1:5672'],
    ['amqp://guest:guest@localhost', 'amqp://localhost:5672'],
    ['amqp://guest:guest@localhost:5672//', 'amqp://localhost:5672'],
    ['amqps://user:p%40ss@broker.example:5671/orders', 'amqps://broker.example:5671/orders'],
    ['pyamqp://user:secret@rabbit/?heartbeat=5', 'pyamqp://rabbit:5672'],
    ['amqp://user:secret@[::1]:5673', 'amqp://[::1]:5673'],
    ['user:secret@rabbit', '(unreadable broker URL)'],
    ['', '(unreadable broker URL)'],
  ])('shows %j as %j', (url, shown) => {
    expect(shownBrokerUrl(url)).toBe(shown);
  });
});
