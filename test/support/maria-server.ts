import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createConnection } from 'mysql2/promise';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { scratchFolder } from './environment';
import { freePort } from './free-port';

/** Whether a server of a test's own can be started: for settings that the shared one must not have. */
export const hasMariaServer = spawnSync('mariadbd', ['--no-defaults', '--version']).status === 0;

/** A MariaDB of a test's own, in a temporary folder, on a port of 127.0.0.1. */
export class MariaServer {
  private made = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly port: number,
  ) {}

  /** @param options of `mariadbd`, such as `--sql-mode=ANSI_QUOTES` */
  static async start(...options: string[]): Promise<MariaServer> {
    const folder = scratchFolder();
    const data = `--datadir=${join(folder, 'data')}`;
    const user = `--user=${userInfo().username}`;
    const install = ['--no-defaults', data, user, '--auth-root-authentication-method=normal', '--skip-test-db'];
    execFileSync('mariadb-install-db', install, { stdio: 'ignore' });
    const port = await freePort();
    const place = [`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${join(folder, 'socket')}`];
    const small = ['--innodb-buffer-pool-size=32M', '--innodb-log-file-size=8M', '--skip-name-resolve'];
    const child = spawn('mariadbd', ['--no-defaults', data, user, ...place, ...small, ...options]);
    child.stdout.resume();
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(lines.join('\n'))));
      createInterface({ input: child.stderr }).on('line', (line) => {
        lines.push(line);
        if (line.includes('ready for connections')) resolve();
      });
    });
    return new MariaServer(child, folder, port);
  }

  /** Makes an empty database. @returns the `DATABASE_URL` of it, for root */
  async create(): Promise<string> {
    const name = `hodi_${(this.made += 1)}`;
    await this.query(`CREATE DATABASE ${name}`);
    return `mysql://root@127.0.0.1:${this.port}/${name}`;
  }

  /** @returns the rows of the last statement */
  async query(...statements: string[]): Promise<Record<string, unknown>[]> {
    const connection = await createConnection({ socketPath: join(this.folder, 'socket'), user: 'root' });
    let rows: unknown = [];
    for (const statement of statements) [rows] = await connection.query(statement);
    await connection.end();
    return rows as Record<string, unknown>[];
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
