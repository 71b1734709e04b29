/** How long a task of the curves waits. */
export const waitMs = 20;
