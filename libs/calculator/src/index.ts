export {
  additionTasks,
  calculatorHolders,
  divisionTasks,
  multiplicationTasks,
  subtractionTasks,
} from './calculator-holders.ts';
export { Payload } from './payload.ts';
export { readOperands } from './operands.ts';
