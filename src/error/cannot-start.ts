/** Told to whoever starts the service: its message says what to do, without a stack and without a secret. */
export class CannotStart extends Error {}
