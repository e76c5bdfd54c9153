import { CannotStart } from '../error/cannot-start';

/** The address or the port cannot be had; the message says what to change. It shows the port, and not the host as given. */
export class CannotListen extends CannotStart {
  /** @param cause as Node's `listen` gives it */
  constructor(cause: NodeJS.ErrnoException, port: number) {
    super(sentence(cause.code ?? cause.name, port), { cause });
  }
}

function sentence(code: string, port: number): string {
  if (code === 'EADDRINUSE') {
    return `PORT: ${port} is in use (${code}): end what listens there, perhaps another Hodi, or set PORT to a free one.`;
  }
  if (code === 'EACCES') {
    return `PORT: ${port} is not open to this user (${code}): set PORT to 1024 or more, and put a proxy in front of it.`;
  }
  if (['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL'].includes(code)) {
    return `HOST: is no address of this machine (${code}): set HOST to 127.0.0.1, or to 0.0.0.0 for all of them.`;
  }
  return `HOST, PORT: cannot listen there (${code}).`;
}
