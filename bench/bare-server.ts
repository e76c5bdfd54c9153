import { createServer, type IncomingMessage } from 'node:http';
import { bareDatabase } from './bare-database';
import type { Subject } from './population';
import { swapFor, type Recording } from './replay';

/**
 * The yardstick: `node:http` and the driver with the statements that the service sent for one request, for another
 * subject each time, and nothing else: no framework, no validation, no code compared, no token signed. The bench gives it
 * the recording by message, and the subject in each body.
 */
const database = bareDatabase(process.env.DATABASE_URL!);
let recording: Recording | undefined;
let answer = '';

process.on('message', (given: Recording) => {
  recording = given;
  answer = JSON.stringify('x'.repeat(Math.max(0, given.bytes - 2)));
  process.send!('ready');
});

async function serve(request: IncomingMessage): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const subject = JSON.parse(Buffer.concat(chunks).toString()) as Subject;
  await database.replay(recording!.statements, swapFor(recording!.subject, subject));
}

const server = createServer((request, response) => {
  serve(request).then(
    () => response.writeHead(200, { 'Content-Type': 'application/json' }).end(answer),
    (error: Error) => response.writeHead(500).end(error.message),
  );
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`{"url":"http://127.0.0.1:${port}","msg":"listening"}\n`);
});
