/** The command line itself is wrong; nothing was done. The process ends with code 2, as with Celery's click. */
export class UsageError extends Error {}

/** A command could not do what it was asked for, for a reason that is told in one line. The process ends with code 1. */
export class CommandError extends Error {}
