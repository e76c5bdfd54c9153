import { cut, never, ProviderServer, reply, type Answer } from './provider-server';

export const siteverifySecret = '0x4AAAAAAA-secret-of-this-test';

/** The far end of `siteverify`: knows the tokens that it made, and takes each once. */
export class SiteverifyServer {
  private readonly provider = new ProviderServer();
  private readonly fresh = new Set<string>();
  private readonly used = new Set<string>();
  private made = 0;

  async start(): Promise<this> {
    await this.provider.start();
    this.work();
    return this;
  }

  get url(): string {
    return `${this.provider.url}/siteverify`;
  }

  /** Each call as it came. */
  get requests() {
    return this.provider.requests;
  }

  /** What a widget gets for its visitor. */
  token(): string {
    const token = `0.token-${(this.made += 1)}`;
    this.fresh.add(token);
    return token;
  }

  /** As the provider documents it. */
  work(): void {
    this.provider.forget();
    this.provider.answer((response, request) => this.check(new URLSearchParams(request.body))(response, request));
  }

  /** Takes a token again, as a provider may whose own nodes have not yet heard of it. */
  forgetUses(): void {
    for (const token of this.used) this.fresh.add(token);
  }

  fail(answer: Answer): void {
    this.provider.answer(answer);
  }

  stop(): Promise<void> {
    return this.provider.stop();
  }

  private check(form: URLSearchParams): Answer {
    const token = form.get('response') ?? '';
    if (form.get('secret') !== siteverifySecret) return refusal('invalid-input-secret');
    if (this.fresh.delete(token)) {
      this.used.add(token);
      return reply(200, { success: true, challenge_ts: '2026-06-01T12:00:00Z', hostname: 'app.hodi.test' });
    }
    return refusal(this.used.has(token) ? 'timeout-or-duplicate' : 'invalid-input-response');
  }
}

export const refusal = (...codes: string[]): Answer => reply(200, { success: false, 'error-codes': codes });

const leadElsewhere: Answer = (response, request) =>
  request.path === '/elsewhere'
    ? reply(200, { success: true })(response, request)
    : reply(302, '', { Location: '/elsewhere' })(response, request);

/** Ways in which a provider does not say whether a token is good, and what the log has of each. */
export const failures: [name: string, answer: Answer, logged: string][] = [
  ['takes too long', never, 'TimeoutError'],
  ['ends the connection', cut, 'UND_ERR_SOCKET'],
  ['is out of order', reply(500, { success: true }), '500'],
  ['is overloaded', reply(503), '503'],
  ['throttles', reply(429, { success: true }), '429'],
  ['shows a page', reply(200, '<html>success</html>'), 'SyntaxError'],
  ['leads elsewhere', leadElsewhere, 'TypeError'],
  ['answers something else', reply(200, { success: 'true' }), 'ZodError'],
  ['quotes the secret', refusal(siteverifySecret), ''],
  ['knows another secret', refusal('invalid-input-secret'), 'invalid-input-secret'],
  [
    'blames token and secret',
    refusal('invalid-input-response', 'missing-input-secret'),
    'invalid-input-response, missing-input-secret',
  ],
];
