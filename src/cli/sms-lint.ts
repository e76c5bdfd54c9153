import { command } from './command';
import { CannotStart } from '../error/cannot-start';
import { Wording, type WordingSample } from '../sms/wording';

/** `npm run sms:lint`: shows every text as it would be sent with the settings, and fails for those that do not fit. */
command(async ({ sms }) => {
  const samples = new Wording(sms.wording).samples();
  samples.forEach((sample) => process.stdout.write(`${shown(sample)}\n\n`));
  const misfits = samples.filter(({ fits }) => !fits);
  if (misfits.length > 0)
    throw new CannotStart(
      `${misfits.length} of ${samples.length} texts are longer than one segment, or than 140 bytes.`,
    );
  process.stdout.write(`All ${samples.length} texts fit.\n`);
});

function shown({ template, language, alphabet, segments, bytes, fits, text }: WordingSample): string {
  const size = `${alphabet}, ${segments} segment${segments === 1 ? '' : 's'}, ${bytes} bytes`;
  const lines = text.split('\n').map((line) => `  ${line}`);
  return [`${fits ? 'fits    ' : 'TOO LONG'} ${template} ${language}: ${size}`, ...lines].join('\n');
}
