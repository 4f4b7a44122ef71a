// Leaves a .br and a .gz beside each built asset, so that the server never compresses while it answers.

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { STATIC } from "./built.mjs";

const COMPRESSIBLE = /\.(js|css|html|svg|json)$/;
// below this a compressed answer saves no packet
const SMALLEST_BYTES = 1024;

for (const name of readdirSync(STATIC, { recursive: true })) {
  const path = join(STATIC, String(name));
  if (!COMPRESSIBLE.test(path) || statSync(path).size < SMALLEST_BYTES) continue;
  const bytes = readFileSync(path);
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, brotli));
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
