/** Name of the exchange, and of the queue behind it, where a queue's rejected messages go. */
export function deadLetterQueue(queue: string): string {
  return `${queue}.dead`;
}
