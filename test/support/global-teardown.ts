import { tmpdir } from 'node:os';
import { removeRunFolder } from './run-folder';

export default function tearDown(): void {
  removeRunFolder(tmpdir());
}
