import { command } from './command';

command(async (settings) => {
  // Loaded only now, as it takes a while: a bad setting is told at once.
  const { serve } = await import('./serve.js');
  await serve(settings);
});
