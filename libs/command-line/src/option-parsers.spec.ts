import { InvalidArgumentError } from 'commander';
import { PythonFloat } from '@celeriac/protocol';
import {
  commaSeparatedList,
  instant,
  instantOrSeconds,
  jsonArray,
  jsonObject,
  seconds,
} from './option-parsers.ts';

describe('the parsers of options', () => {
  it.each([
    [commaSeparatedList, 'a', ['a']],
    [commaSeparatedList, ' a, b,,a', ['a', 'b']],
    [jsonArray, '[7, "x", null]', [7, 'x', null]],
    [jsonArray, '[7.0]', [new PythonFloat(7)]],
    [jsonArray, '[18446744073709551616]', [2n ** 64n]],
    [jsonObject, '{"base": 3, "deep": {"a": [1]}}', { base: 3, deep: { a: [1] } }],
    [instant, '2030-01-31T08:00:00+02:00', new Date('2030-01-31T06:00:00Z')],
    [instant, '2030-01-31T08:00:00', new Date('2030-01-31T08:00:00Z')],
    [seconds, '10', 10],
    [seconds, '0.25', 0.25],
    [instantOrSeconds, '60', 60],
    [instantOrSeconds, '2030-01-31', new Date('2030-01-31T00:00:00Z')],
  ])('%p reads %j', (parse: (text: string) => unknown, text, value) => {
    expect(parse(text)).toEqual(value);
  });

  it.each([
    [commaSeparatedList, ' , ', 'names separated by commas'],
    [jsonArray, '[1', `a JSON array such as '[7, 2]': `],
    [jsonArray, '{"a": 1}', "a JSON array such as '[7, 2]', not a dict."],
    [jsonArray, '7', "a JSON array such as '[7, 2]', not an int."],
    [jsonObject, '[]', `a JSON object such as '{"base": 3}', not a list.`],
    [jsonObject, 'base=3', `a JSON object such as '{"base": 3}': `],
    [instant, 'tomorrow', 'an ISO 8601 date and time'],
    [seconds, '-1', 'a number of seconds'],
    [seconds, '1e3', 'a number of seconds'],
    [instantOrSeconds, 'soon', 'an ISO 8601 date and time'],
  ])('%p refuses %j', (parse: (text: string) => unknown, text, expected) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
    expect(() => parse(text)).toThrow(`It must be ${expected}`);
  });
});
