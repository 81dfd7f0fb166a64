// Collects in Node.js by way of koffi (npm install koffi). This sample is text: no test runs it.
'use strict';

const koffi = require('koffi');

const lib = koffi.load(process.argv[2] || './libtradefront_collect_TF01.so');
koffi.opaque('tfc_result');
const collect = lib.func('int tfc_collect(void *options, _Out_ tfc_result **result)');
const terminalInfo = lib.func('void *tfc_terminal_info(tfc_result *result, _Out_ size_t *len)');
const missing = lib.func('unsigned int tfc_missing(tfc_result *result)');
const free = lib.func('void tfc_free(tfc_result *result)');

// Do not call it in a child of the module cluster or of child_process.fork: those are new processes, and each may collect for itself.
function terminalInfoOfThisMachine() {
  const result = [null];
  const code = collect(null, result);
  if (code < 0 && code !== -4) {
    throw new Error(`collecting failed: ${code}`);
  }
  try {
    const len = [0];
    const data = terminalInfo(result[0], len);
    const field = data === null ? null : Buffer.from(koffi.decode(data, 'uint8_t', Number(len[0])));
    return { code, missing: missing(result[0]), field };
  } finally {
    free(result[0]);
  }
}

module.exports = { terminalInfoOfThisMachine };
