import { comparable, type CapturedMessage } from './captured-message.ts';

const message: CapturedMessage = {
  exchange: '',
  routing_key: 'addition',
  properties: { reply_to: "'5b961cc4'", priority: '0' },
  headers: [
    ['lang', "'py'"],
    ['task', "'add'"],
    ['eta', "'2026-11-23T04:17:38.660083+00:00'"],
    ['retries', '0'],
  ],
  header_types: { lang: 'S', task: 'S', eta: 'S', retries: 'I' },
  body: '',
};

describe('comparable', () => {
  it('masks what is the own of each client', () => {
    expect(comparable(message).properties).toEqual({ reply_to: '(reply_to)', priority: '0' });
    expect(comparable(message).headers).toEqual([
      ['lang', '(lang)'],
      ['task', "'add'"],
      ['eta', "'(instant)+00:00'"],
      ['retries', '0'],
    ]);
  });

  it('keeps the form of an instant', () => {
    const zulu: CapturedMessage = { ...message, headers: [['eta', "'2026-11-23T04:17:38.660Z'"]] };
    expect(comparable(zulu).headers).toEqual(zulu.headers);
  });
});
