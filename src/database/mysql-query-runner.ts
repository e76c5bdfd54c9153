import type { PoolConnection } from 'mysql2';
import type { DataSource } from 'typeorm';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver';
import { MysqlQueryRunner } from 'typeorm/driver/mysql/MysqlQueryRunner';
import { DatabaseUnavailable } from '../transaction/database-fault';
import type { Checkout, MysqlPool } from './mysql-pool';

/** Gives each of TypeORM's managers a runner that can leave the line for a connection. */
export function useDirectRunners(dataSource: DataSource): void {
  const driver = dataSource.driver as MysqlDriver;
  driver.createQueryRunner = () => new DirectQueryRunner(driver, 'master');
}

/**
 * TypeORM's runner, with the outermost transaction's statements sent straight to the connection: TypeORM spends more
 * on each of them than on a statement that does work.
 */
class DirectQueryRunner extends MysqlQueryRunner {
  private checkout?: Checkout;

  /** @throws DatabaseUnavailable (rejects), or the driver's error */
  override connect(): Promise<PoolConnection> {
    this.databaseConnectionPromise ??= this.checkOut();
    return this.databaseConnectionPromise as Promise<PoolConnection>;
  }

  private async checkOut(): Promise<PoolConnection> {
    const pool = this.driver.pool as MysqlPool | undefined;
    if (pool === undefined) throw new DatabaseUnavailable('the pool is closed');
    this.checkout = pool.take();
    const connection = await this.checkout.connection;
    if (this.isReleased) {
      connection.release();
      throw new DatabaseUnavailable('the runner was released');
    }
    this.databaseConnection = connection;
    return connection;
  }

  override async startTransaction(...isolation: Parameters<MysqlQueryRunner['startTransaction']>): Promise<void> {
    if (this.transactionDepth > 0 || isolation[0] !== undefined) return super.startTransaction(...isolation);
    await this.send('START TRANSACTION');
    this.isTransactionActive = true;
    this.transactionDepth = 1;
  }

  override async commitTransaction(): Promise<void> {
    if (this.transactionDepth !== 1) return super.commitTransaction();
    await this.send('COMMIT');
    this.isTransactionActive = false;
    this.transactionDepth = 0;
  }

  override async rollbackTransaction(): Promise<void> {
    if (this.transactionDepth !== 1) return super.rollbackTransaction();
    await this.send('ROLLBACK');
    this.isTransactionActive = false;
    this.transactionDepth = 0;
  }

  /** In any state: leaves the line, or gives the connection back, if need be once it is there. */
  override async release(): Promise<void> {
    if (this.isReleased) return;
    this.isReleased = true;
    this.checkout?.leave();
    (this.databaseConnection as PoolConnection | undefined)?.release();
  }

  private async send(command: string): Promise<void> {
    const connection = await this.connect();
    await new Promise<void>((resolve, reject) =>
      connection.query(command, (error) => (error ? reject(error) : resolve())),
    );
  }
}
