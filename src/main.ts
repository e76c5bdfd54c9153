import 'reflect-metadata';
import { exitFor } from './error/cannot-start';
import { readEnvironment } from './settings/environment';

/** `npm start`: the service, with the settings of `.env` and the environment. */
async function main(): Promise<void> {
  const settings = readEnvironment();
  // Loaded only now, as it takes a while: a bad setting is told at once.
  const { serve } = await import('./app.js');
  await serve(settings);
}

main().catch(exitFor);
